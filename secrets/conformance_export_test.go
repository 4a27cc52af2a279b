package secrets

import "github.com/aws/aws-sdk-go-v2/aws"

// OpenAWSSource is NewAWSSource for those who close the Source themselves.
func OpenAWSSource(cfg aws.Config) (Source, error) { return newAWSSource(cfg, Config{}) }
