package secrets

import (
	"context"
	"sync/atomic"

	awsmiddleware "github.com/aws/aws-sdk-go-v2/aws/middleware"
	"github.com/aws/smithy-go/middleware"
)

// Calls counts the requests that were sent to AWS, repeated ones included. It
// does not count those to STS, which cost nothing, nor those that AWS's services
// send to KMS for the caller.
type Calls struct {
	SecretsManager int64
	ParameterStore int64
	KMS            int64
}

// Cost estimates what the calls cost, in US dollars: $0.05 for 10,000 of Secrets
// Manager, DescribeSecret included, $0.03 for 10,000 of KMS, nothing for
// Parameter Store at its standard throughput (AWS's price lists of 2025 for
// us-east-1). For each call of Secrets Manager that brings a secret under a
// customer managed key there is one of KMS more.
func (c Calls) Cost() float64 {
	return float64(c.SecretsManager)*0.05/10_000 + float64(c.KMS)*0.03/10_000
}

// callCounter counts what passes through the clients that it is added to.
type callCounter struct{ secretsManager, parameterStore, kms atomic.Int64 }

func (c *callCounter) calls() Calls {
	return Calls{
		SecretsManager: c.secretsManager.Load(),
		ParameterStore: c.parameterStore.Load(),
		KMS:            c.kms.Load(),
	}
}

// addTo is an API option of the SDK. It stands behind the SDK's retries.
func (c *callCounter) addTo(stack *middleware.Stack) error {
	return stack.Finalize.Add(middleware.FinalizeMiddlewareFunc("irsa.CountCalls", c.count), middleware.After)
}

func (c *callCounter) count(ctx context.Context, in middleware.FinalizeInput, next middleware.FinalizeHandler) (
	middleware.FinalizeOutput, middleware.Metadata, error,
) {
	switch awsmiddleware.GetServiceID(ctx) {
	case "Secrets Manager":
		c.secretsManager.Add(1)
	case "SSM":
		c.parameterStore.Add(1)
	case "KMS":
		c.kms.Add(1)
	}
	return next.HandleFinalize(ctx, in)
}
