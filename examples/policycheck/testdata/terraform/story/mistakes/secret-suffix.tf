# The secret's ARN lacks the six characters that Secrets Manager adds.
data "aws_iam_policy_document" "read" {
  statement {
    sid       = "ReadSecret"
    actions   = ["secretsmanager:GetSecretValue"]
    resources = ["arn:aws:secretsmanager:eu-west-1:${var.accounts.secrets}:secret:testsecret"]
  }
}
