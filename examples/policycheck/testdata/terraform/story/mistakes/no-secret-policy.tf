# The secret has no resource policy.
module "secret" {
  shared = false
}
