variable "name" { type = string }
variable "trust" { type = string }
variable "secret" { type = string }

resource "aws_iam_role" "this" {
  count              = 1
  name               = var.name
  assume_role_policy = var.trust
}

data "aws_iam_policy_document" "read" {
  statement {
    actions   = ["secretsmanager:GetSecretValue"]
    resources = [var.secret]
  }
}

resource "aws_iam_policy" "read" {
  name   = var.name
  policy = data.aws_iam_policy_document.read.json
}

resource "aws_iam_policy_attachment" "read" {
  name       = var.name
  roles      = [aws_iam_role.this[0].name]
  policy_arn = aws_iam_policy.read.arn
}
