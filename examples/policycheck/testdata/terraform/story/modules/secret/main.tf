terraform {
  required_providers {
    aws = { source = "hashicorp/aws" }
  }
}

variable "name" { type = string }
variable "key_arn" { type = string }
variable "role_arn" { type = string }
variable "shared" {
  type    = bool
  default = true
}

resource "aws_secretsmanager_secret" "this" {
  name       = var.name
  kms_key_id = var.key_arn
}

data "aws_iam_policy_document" "policy" {
  statement {
    sid       = "AllowPodRole"
    actions   = ["secretsmanager:GetSecretValue"]
    resources = ["*"]
    principals {
      type        = "AWS"
      identifiers = [var.role_arn]
    }
  }
}

resource "aws_secretsmanager_secret_policy" "this" {
  count      = var.shared ? 1 : 0
  secret_arn = aws_secretsmanager_secret.this.arn
  policy     = data.aws_iam_policy_document.policy.json
}

output "arn" {
  value = aws_secretsmanager_secret.this.arn
}
