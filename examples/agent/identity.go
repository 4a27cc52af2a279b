package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"

	"github.com/aws/aws-sdk-go-v2/aws"
	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
	"github.com/aws/aws-sdk-go-v2/config"

	"github.com/irsakit/irsa/credentials"
)

// regionError names what a user of the command can set.
func regionError(problem string) error {
	return fmt.Errorf("region: %s; set region in the configuration, or AWS_REGION, such as eu-west-1", problem)
}

// awsConfig returns what the SDK's environment says, with the credentials of the
// pod or, if the configuration names one, of a file. It makes no call.
func (s settings) awsConfig(ctx context.Context, log *slog.Logger) (aws.Config, error) {
	client := awshttp.NewBuildableClient().WithTransportOptions(func(t *http.Transport) { t.MaxConnsPerHost = s.outbound })
	if s.credsFile == "" {
		cfg, err := credentials.LoadConfig(ctx, credentials.Config{Region: s.region, VerifyCaller: s.validate, HTTPClient: client, Logger: log})
		if e, ok := errors.AsType[*credentials.ConfigError](err); ok && e.Field == "Region" {
			err = regionError(e.Problem)
		}
		return cfg, err
	}
	cfg, err := config.LoadDefaultConfig(ctx, func(o *config.LoadOptions) error {
		o.Region, o.HTTPClient = s.region, client
		o.Credentials = aws.AnonymousCredentials{} // the SDK looks for none
		return nil
	})
	switch {
	case err != nil: // whose text may quote a line of the shared files
		return cfg, errors.New("the SDK does not take its settings: look at AWS_CONFIG_FILE, AWS_CA_BUNDLE and its other variables")
	case cfg.Region == "":
		return cfg, regionError("not set")
	}
	cfg.Credentials = newCredentialsFile(s.credsFile, log)
	return cfg, nil
}
