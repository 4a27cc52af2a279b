# The boundary leaves out kms:Decrypt.
data "aws_iam_policy_document" "boundary" {
  statement {
    actions   = ["secretsmanager:*"]
    resources = ["*"]
  }
}
