package policy_test

import (
	"fmt"
	"testing"

	"github.com/irsakit/irsa/policy"
)

// BenchmarkEvaluate reads a secret of another account, with an identity policy
// of so many statements.
func BenchmarkEvaluate(b *testing.B) {
	for _, n := range []int{1, 10, 100} {
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			var statements []string
			for i := range n - 1 {
				statements = append(statements, fmt.Sprintf(`{"Effect":"Allow","Action":["s3:Get*","s3:List*"],"Resource":"arn:aws:s3:::bucket-%d/*"}`, i))
			}
			statements = append(statements, `{"Effect":"Allow","Action":"secretsmanager:GetSecretValue","Resource":"arn:aws:secretsmanager:*:222222222222:secret:prod/db-??????"}`)
			set := policy.Set{Identity: list(text("identity", statements...)), Resource: to("Allow", aws(ownRole))}
			req := readSecret(farSecret)
			b.ReportAllocs()
			for b.Loop() {
				if policy.Evaluate(req, set).Decision != policy.Allowed {
					b.Fatal("denied")
				}
			}
		})
	}
}
