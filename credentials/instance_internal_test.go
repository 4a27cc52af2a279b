package credentials

import (
	"net/http"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
)

// Whoever the client comes from, no proxy sees the requests to the node and
// their answers.
func TestNoProxies(t *testing.T) {
	t.Parallel()
	for name, client := range map[string]aws.HTTPClient{
		"default":      nil,
		"of the SDK":   awshttp.NewBuildableClient(),
		"of net/http":  http.DefaultClient,
		"with a proxy": &http.Client{Transport: &http.Transport{Proxy: http.ProxyFromEnvironment}},
	} {
		c := containerClient(setup{sdk: aws.Config{HTTPClient: client}}, true).(*http.Client)
		if c.Transport.(*http.Transport).Proxy != nil {
			t.Errorf("%s: the container endpoint's client has a proxy", name)
		}
		if b, ok := unproxied(client).(*awshttp.BuildableClient); !ok || b.GetTransport().Proxy != nil {
			t.Errorf("%s: the metadata service's client has a proxy", name)
		}
	}
}
