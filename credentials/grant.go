package credentials

import (
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	awsmiddleware "github.com/aws/aws-sdk-go-v2/aws/middleware"
	"github.com/aws/smithy-go/middleware"
)

// grant is what a source gave: credentials and whose they are. It does not
// change.
type grant struct {
	creds    aws.Credentials
	identity Identity
	// skew is how much earlier than at Expires by this machine's clock the
	// credentials end, since that clock is behind AWS's.
	skew time.Duration
}

// leastSkew is what the SDK's measure of skew, which is by a Date header in
// whole seconds, is good for.
const leastSkew = 10 * time.Second

// timed returns g with the skew that the SDK found in the answer that brought
// it. A clock that is ahead is left alone: it only makes refreshes early.
func (g *grant) timed(answer middleware.Metadata) *grant {
	if skew, ok := awsmiddleware.GetAttemptSkew(answer); ok && skew >= leastSkew {
		timed := *g
		timed.skew = skew
		return &timed
	}
	return g
}
