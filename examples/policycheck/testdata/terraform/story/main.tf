# The three-account story: a pod of the cluster account reads a secret of a
# second account, encrypted with a key of a third. Nothing of it exists yet, so
# the ARNs of secret and key are not known before apply.

terraform {
  required_version = ">= 1.5"
  required_providers {
    aws = {
      source  = "hashicorp/aws"
      version = ">= 5.0"
    }
  }
}

variable "issuer" {
  type    = string
  default = "https://oidc.eks.eu-west-1.amazonaws.com/id/EXAMPLED539D4633E53DE1B71EXAMPLE"
}

variable "accounts" {
  type = object({ cluster = string, secrets = string, keys = string })
  default = {
    cluster = "111122223333"
    secrets = "222233334444"
    keys    = "333344445555"
  }
}

locals {
  issuer = trimprefix(var.issuer, "https://")
}

# Account A, the cluster's.
provider "aws" {
  region              = "eu-west-1"
  profile             = "cluster"
  allowed_account_ids = [var.accounts.cluster]
}

# Account B, the secret's.
provider "aws" {
  alias               = "secrets"
  region              = "eu-west-1"
  profile             = "secrets"
  allowed_account_ids = [var.accounts.secrets]
}

# Account C, the key's.
provider "aws" {
  alias               = "keys"
  region              = "eu-west-1"
  profile             = "keys"
  allowed_account_ids = [var.accounts.keys]
}

resource "aws_iam_openid_connect_provider" "cluster" {
  url            = var.issuer
  client_id_list = ["sts.amazonaws.com"]
}

data "aws_iam_policy_document" "trust" {
  statement {
    actions = ["sts:AssumeRoleWithWebIdentity"]
    principals {
      type        = "Federated"
      identifiers = [aws_iam_openid_connect_provider.cluster.arn]
    }
    condition {
      test     = "StringEquals"
      variable = "${local.issuer}:aud"
      values   = ["sts.amazonaws.com"]
    }
    condition {
      test     = "StringEquals"
      variable = "${local.issuer}:sub"
      values   = ["system:serviceaccount:testnamespace:testapp"]
    }
  }
}

data "aws_iam_policy_document" "boundary" {
  statement {
    actions   = ["secretsmanager:*", "kms:Decrypt"]
    resources = ["*"]
  }
}

resource "aws_iam_policy" "boundary" {
  name   = "app-boundary"
  policy = data.aws_iam_policy_document.boundary.json
}

resource "aws_iam_role" "pod" {
  name                 = "pod-role"
  path                 = "/apps/"
  assume_role_policy   = data.aws_iam_policy_document.trust.json
  permissions_boundary = aws_iam_policy.boundary.arn
}

data "aws_iam_policy_document" "read" {
  statement {
    sid       = "ReadSecret"
    actions   = ["secretsmanager:GetSecretValue"]
    resources = [module.secret.arn]
  }
}

resource "aws_iam_role_policy" "read" {
  name   = "read-secret"
  role   = aws_iam_role.pod.id
  policy = data.aws_iam_policy_document.read.json
}

data "aws_iam_policy_document" "decrypt" {
  statement {
    sid       = "DecryptSecret"
    actions   = ["kms:Decrypt"]
    resources = [aws_kms_key.secrets.arn]
    condition {
      test     = "StringEquals"
      variable = "kms:ViaService"
      values   = ["secretsmanager.eu-west-1.amazonaws.com"]
    }
  }
}

resource "aws_iam_policy" "decrypt" {
  name   = "decrypt-secret"
  policy = data.aws_iam_policy_document.decrypt.json
}

resource "aws_iam_role_policy_attachment" "decrypt" {
  role       = aws_iam_role.pod.name
  policy_arn = aws_iam_policy.decrypt.arn
}

module "secret" {
  source    = "./modules/secret"
  providers = { aws = aws.secrets }

  name     = "testsecret"
  key_arn  = aws_kms_key.secrets.arn
  role_arn = aws_iam_role.pod.arn
}

resource "aws_kms_key" "secrets" {
  provider    = aws.keys
  description = "Encrypts secrets of other accounts"
}

data "aws_iam_policy_document" "key" {
  statement {
    sid       = "EnableIAMPolicies"
    actions   = ["kms:*"]
    resources = ["*"]
    principals {
      type        = "AWS"
      identifiers = ["arn:aws:iam::${var.accounts.keys}:root"]
    }
  }
  statement {
    sid       = "AllowPodRoleThroughSecretsManager"
    actions   = ["kms:Decrypt"]
    resources = ["*"]
    principals {
      type        = "AWS"
      identifiers = [aws_iam_role.pod.arn]
    }
    condition {
      test     = "StringEquals"
      variable = "kms:ViaService"
      values   = ["secretsmanager.eu-west-1.amazonaws.com"]
    }
    condition {
      test     = "StringEquals"
      variable = "kms:EncryptionContext:SecretARN"
      values   = [module.secret.arn]
    }
  }
}

resource "aws_kms_key_policy" "secrets" {
  provider = aws.keys
  key_id   = aws_kms_key.secrets.key_id
  policy   = data.aws_iam_policy_document.key.json
}
