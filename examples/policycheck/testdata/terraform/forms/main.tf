# One account, many ways to write the same thing.

terraform {
  required_providers {
    aws = {
      source  = "hashicorp/aws"
      version = ">= 5.0"
    }
  }
}

provider "aws" {
  region  = "eu-west-1"
  profile = "cluster"
}

data "aws_caller_identity" "current" {}

locals {
  issuer = "oidc.eks.eu-west-1.amazonaws.com/id/EXAMPLED539D4633E53DE1B71EXAMPLE"
  # Known before apply, though the provider does not exist yet.
  provider = "arn:aws:iam::${data.aws_caller_identity.current.account_id}:oidc-provider/${local.issuer}"
  trust = jsonencode({
    Version = "2012-10-17"
    Statement = {
      Effect    = "Allow"
      Principal = { Federated = local.provider }
      Action    = "sts:AssumeRoleWithWebIdentity"
      Condition = { StringEquals = {
        "${local.issuer}:aud" = "sts.amazonaws.com"
        "${local.issuer}:sub" = "system:serviceaccount:default:app"
      } }
    }
  })
}

resource "aws_iam_openid_connect_provider" "cluster" {
  url            = "https://${local.issuer}"
  client_id_list = ["sts.amazonaws.com"]
}

resource "aws_secretsmanager_secret" "plain" {
  name = "plain"
}

resource "aws_kms_key" "own" {}

resource "aws_kms_alias" "own" {
  name          = "alias/own"
  target_key_id = aws_kms_key.own.key_id
}

resource "aws_secretsmanager_secret" "own" {
  name       = "own"
  kms_key_id = aws_kms_alias.own.arn
}

data "aws_iam_policy_document" "both" {
  statement {
    actions   = ["secretsmanager:GetSecretValue"]
    resources = [aws_secretsmanager_secret.plain.arn, aws_secretsmanager_secret.own.arn]
  }
}

data "aws_iam_policy_document" "decrypt" {
  statement {
    actions   = ["kms:Decrypt"]
    resources = [aws_kms_key.own.arn]
  }
}

resource "aws_iam_policy" "decrypt" {
  name   = "decrypt"
  policy = data.aws_iam_policy_document.decrypt.json
}

# Everything within the role.
resource "aws_iam_role" "within" {
  name                = "within"
  assume_role_policy  = local.trust
  managed_policy_arns = [aws_iam_policy.decrypt.arn]
  inline_policy {
    name   = "read"
    policy = data.aws_iam_policy_document.both.json
  }
}

# Known before apply, by a pattern.
resource "aws_iam_role" "pattern" {
  name               = "pattern"
  assume_role_policy = local.trust
  inline_policy {
    name = "read"
    policy = jsonencode({
      Version = "2012-10-17"
      Statement = [{
        Effect   = "Allow"
        Action   = "secretsmanager:GetSecretValue"
        Resource = "arn:aws:secretsmanager:eu-west-1:${data.aws_caller_identity.current.account_id}:secret:plain-??????"
      }]
    })
  }
}

# A plan does not show what is within jsonencode.
resource "aws_iam_role" "encoded" {
  name               = "encoded"
  assume_role_policy = local.trust
}

resource "aws_iam_role_policy" "encoded" {
  name = "read"
  role = aws_iam_role.encoded.name
  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect   = "Allow"
      Action   = "secretsmanager:GetSecretValue"
      Resource = aws_secretsmanager_secret.plain.arn
    }]
  })
}

# Policies by for_each, attached exclusively.
resource "aws_iam_role" "each" {
  for_each           = toset(["one", "two"])
  name               = "each-${each.key}"
  assume_role_policy = local.trust
}

resource "aws_iam_role_policy" "each" {
  for_each = { one = data.aws_iam_policy_document.both, two = data.aws_iam_policy_document.decrypt }
  name     = "inline"
  role     = aws_iam_role.each[each.key].id
  policy   = each.key == "one" ? data.aws_iam_policy_document.both.json : data.aws_iam_policy_document.decrypt.json
}

resource "aws_iam_role_policy_attachments_exclusive" "each" {
  for_each    = aws_iam_role.each
  role_name   = each.value.name
  policy_arns = [aws_iam_policy.decrypt.arn]
}

# A policy of AWS, whose document the plan does not have.
resource "aws_iam_role" "managed" {
  name               = "managed"
  assume_role_policy = local.trust
}

resource "aws_iam_role_policy_attachment" "managed" {
  role       = aws_iam_role.managed.name
  policy_arn = "arn:aws:iam::aws:policy/SecretsManagerReadWrite"
}

# One policy for several roles, in a module that is called twice.
module "reader" {
  source   = "./reader"
  for_each = { a = aws_secretsmanager_secret.plain.arn, b = aws_secretsmanager_secret.own.arn }
  name     = "reader-${each.key}"
  trust    = local.trust
  secret   = each.value
}

# A Deny that depends on what is not known.
data "aws_iam_policy_document" "deny" {
  statement {
    actions   = ["secretsmanager:GetSecretValue"]
    resources = ["*"]
  }
  statement {
    effect    = "Deny"
    actions   = ["secretsmanager:GetSecretValue"]
    resources = ["${aws_kms_key.own.key_id}-${aws_secretsmanager_secret.own.id}"]
  }
}

resource "aws_iam_role" "deny" {
  name               = "deny"
  assume_role_policy = local.trust
  inline_policy {
    name   = "read"
    policy = data.aws_iam_policy_document.deny.json
  }
}

# Rights on a key by a grant alone, and by one whose constraint is not known.
resource "aws_iam_role" "granted" {
  for_each           = toset(["free", "constrained"])
  name               = "granted-${each.key}"
  assume_role_policy = local.trust
  inline_policy {
    name   = "read"
    policy = data.aws_iam_policy_document.both.json
  }
}

resource "aws_kms_grant" "free" {
  name              = "reader"
  key_id            = aws_kms_key.own.key_id
  grantee_principal = aws_iam_role.granted["free"].arn
  operations        = ["Decrypt", "DescribeKey"]
}

resource "aws_kms_grant" "constrained" {
  key_id            = aws_kms_key.own.arn
  grantee_principal = aws_iam_role.granted["constrained"].arn
  operations        = ["Decrypt"]
  constraints {
    encryption_context_subset = { SecretARN = aws_secretsmanager_secret.own.arn }
  }
}
