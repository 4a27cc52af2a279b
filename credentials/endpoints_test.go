package credentials_test

import (
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/irsakit/irsa/credentials"
)

// legacyRegions are those whose STS an SDK reaches through the global endpoint
// if AWS_STS_REGIONAL_ENDPOINTS is "legacy" (AWS SDKs and Tools Reference Guide,
// "AWS STS Regional endpoints").
var legacyRegions = []string{
	"ap-northeast-1", "ap-south-1", "ap-southeast-1", "ap-southeast-2", "ca-central-1", "eu-central-1", "eu-north-1",
	"eu-west-1", "eu-west-2", "eu-west-3", "sa-east-1", "us-east-1", "us-east-2", "us-west-1", "us-west-2",
}

// endpointTest is where the calls to STS should go, both the unsigned one and
// the signed one of a hop.
type endpointTest struct {
	region string
	env    map[string]string
	host   string
	signed string // Region in the signature; "": region
}

func TestEndpoints(t *testing.T) {
	file := filepath.Join(t.TempDir(), "config")
	if err := os.WriteFile(file, []byte("[default]\nservices = own\n[services own]\nsts =\n  endpoint_url = https://file.example\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	fips := map[string]string{"AWS_USE_FIPS_ENDPOINT": "true"}
	dual := map[string]string{"AWS_USE_DUALSTACK_ENDPOINT": "true"}
	both := map[string]string{"AWS_USE_FIPS_ENDPOINT": "true", "AWS_USE_DUALSTACK_ENDPOINT": "true"}
	tests := map[string]endpointTest{
		"regional":                    {region: "eu-west-1", host: "sts.eu-west-1.amazonaws.com"},
		"opt-in region":               {region: "af-south-1", host: "sts.af-south-1.amazonaws.com"},
		"global":                      {region: "aws-global", host: "sts.amazonaws.com", signed: "us-east-1"},
		"FIPS":                        {region: "us-east-1", env: fips, host: "sts-fips.us-east-1.amazonaws.com"},
		"dual stack":                  {region: "eu-west-1", env: dual, host: "sts.eu-west-1.api.aws"},
		"FIPS and dual stack":         {region: "us-west-2", env: both, host: "sts-fips.us-west-2.api.aws"},
		"GovCloud":                    {region: "us-gov-west-1", host: "sts.us-gov-west-1.amazonaws.com"},
		"GovCloud FIPS":               {region: "us-gov-west-1", env: fips, host: "sts.us-gov-west-1.amazonaws.com"},
		"GovCloud FIPS, dual stack":   {region: "us-gov-east-1", env: both, host: "sts-fips.us-gov-east-1.api.aws"},
		"China":                       {region: "cn-north-1", host: "sts.cn-north-1.amazonaws.com.cn"},
		"China, dual stack":           {region: "cn-northwest-1", env: dual, host: "sts.cn-northwest-1.api.amazonwebservices.com.cn"},
		"ISO":                         {region: "us-iso-east-1", host: "sts.us-iso-east-1.c2s.ic.gov"},
		"ISO-B":                       {region: "us-isob-east-1", host: "sts.us-isob-east-1.sc2s.sgov.gov"},
		"Europe's own":                {region: "eusc-de-east-1", host: "sts.eusc-de-east-1.amazonaws.eu"},
		"STS before all services":     {region: "eu-west-1", env: map[string]string{"AWS_ENDPOINT_URL_STS": "https://sts.example", "AWS_ENDPOINT_URL": "https://all.example"}, host: "sts.example"},
		"all services before a file":  {region: "eu-west-1", env: map[string]string{"AWS_ENDPOINT_URL": "https://all.example", "AWS_CONFIG_FILE": file}, host: "all.example"},
		"file":                        {region: "eu-west-1", env: map[string]string{"AWS_CONFIG_FILE": file}, host: "file.example"},
		"all services, ignored":       {region: "eu-west-1", env: map[string]string{"AWS_ENDPOINT_URL": "https://all.example", "AWS_IGNORE_CONFIGURED_ENDPOINT_URLS": "true"}, host: "sts.eu-west-1.amazonaws.com"},
		"STS, ignored":                {region: "eu-west-1", env: map[string]string{"AWS_ENDPOINT_URL_STS": "https://sts.example", "AWS_IGNORE_CONFIGURED_ENDPOINT_URLS": "true"}, host: "sts.eu-west-1.amazonaws.com"},
		"file, ignored":               {region: "eu-west-1", env: map[string]string{"AWS_CONFIG_FILE": file, "AWS_IGNORE_CONFIGURED_ENDPOINT_URLS": "true"}, host: "sts.eu-west-1.amazonaws.com"},
		"an endpoint signs by region": {region: "cn-north-1", env: map[string]string{"AWS_ENDPOINT_URL": "https://all.example"}, host: "all.example"},
	}
	for _, region := range legacyRegions {
		tests["legacy "+region] = endpointTest{
			region: region, env: map[string]string{"AWS_STS_REGIONAL_ENDPOINTS": "legacy"}, host: "sts." + region + ".amazonaws.com",
		}
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			setenv(t, test.env)
			pod := newPod(t, nil)
			scope := ""
			played := newScript(func(r *http.Request) (*http.Response, error) {
				if r.FormValue("Action") == assume {
					return session("ASIAEXAMPLE", time.Now().Add(time.Hour))(r)
				}
				scope = r.Header.Get("Authorization")
				return hopSession(hopARN(1), time.Now().Add(time.Hour))(r)
			})
			cfg := pod.Config()
			cfg.Region, cfg.HTTPClient = test.region, played
			cfg.Hops = []credentials.Hop{{RoleARN: hopARN(1)}}
			retrieve(t, newProvider(t, cfg))
			if hosts := played.hosts(); len(hosts) != 2 || hosts[0] != test.host || hosts[1] != test.host {
				t.Errorf("hosts %q, want %q", hosts, test.host)
			}
			signed := test.signed
			if signed == "" {
				signed = test.region
			}
			if !strings.Contains(scope, "/"+signed+"/sts/aws4_request") {
				t.Errorf("signed for %q, want %s", scope[:min(len(scope), 80)], signed)
			}
		})
	}
}
