package credentials_test

import (
	"context"
	"errors"
	"fmt"
	"log"
	"os"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sts"

	"github.com/irsakit/irsa/credentials"
	"github.com/irsakit/irsa/credentials/credentialstest"
)

// mustPod is a pod for an example; on EKS there is one already.
func mustPod() (pod *credentialstest.Pod, remove func()) {
	dir, err := os.MkdirTemp("", "pod")
	if err != nil {
		log.Fatal(err)
	}
	pod, err = credentialstest.NewPod(dir, nil)
	if err != nil {
		log.Fatal(err)
	}
	return pod, func() { os.RemoveAll(dir) }
}

// A presigned URL ends with the credentials that signed it, so those must last
// as long as the URL is to be good.
func ExampleProvider_RetrieveMin() {
	pod, remove := mustPod()
	defer remove()
	ctx := context.Background()
	provider, err := credentials.New(ctx, pod.Config())
	if err != nil {
		log.Fatal(err)
	}
	defer provider.Close()

	creds, err := provider.RetrieveMin(ctx, 30*time.Minute)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println("good for half an hour:", time.Until(creds.Expires) >= 30*time.Minute)

	_, err = provider.RetrieveMin(ctx, 6*time.Hour)
	if e, ok := errors.AsType[*credentials.LifetimeError](err); ok {
		fmt.Println("good for six hours:", e.Got >= e.Want)
	}
	// Output:
	// good for half an hour: true
	// good for six hours: false
}

// A server that says it is ready when it has an identity.
func ExampleProvider_WaitReady() {
	pod, remove := mustPod()
	defer remove()
	pod.AWS.Inject(credentialstest.When{Times: 1}, credentialstest.ConnectionReset())
	provider, err := credentials.New(context.Background(), pod.Config())
	if err != nil {
		log.Fatal(err)
	}
	defer provider.Close()

	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	if err := provider.WaitReady(ctx); err != nil {
		log.Fatal(err)
	}
	id, _ := provider.Identity()
	fmt.Println("ready as", id.RoleARN)
	// Output:
	// ready as arn:aws:iam::111122223333:role/pod-role
}

// A watcher that hears of every refresh, until the provider is closed.
func ExampleProvider_Updated() {
	pod, remove := mustPod()
	defer remove()
	ctx := context.Background()
	provider, err := credentials.New(ctx, pod.Config())
	if err != nil {
		log.Fatal(err)
	}
	go func() {
		defer provider.Close()
		if _, err := provider.Retrieve(ctx); err != nil {
			log.Fatal(err)
		}
	}()
	for range provider.Updated() {
		session := provider.Stats().Sessions[0]
		fmt.Println("refreshes:", session.Refreshes, "failures:", session.Failures)
	}
	// Output:
	// refreshes: 1 failures: {0 0 0 0}
}

// Two parts of a program that need the same role share one session.
func ExamplePool() {
	pod, remove := mustPod()
	defer remove()
	ctx := context.Background()
	var pool credentials.Pool
	defer pool.Close()
	cfg := pod.Config()
	cfg.Pool = &pool
	for range 2 {
		provider, err := credentials.New(ctx, cfg)
		if err != nil {
			log.Fatal(err)
		}
		if _, err := provider.Retrieve(ctx); err != nil {
			log.Fatal(err)
		}
	}
	fmt.Println("calls to STS:", len(pod.AWS.Calls()))
	// Output:
	// calls to STS: 1
}

// A client of one's own that learns from its server that the key is not
// accepted any more.
func ExampleProvider_Invalidate() {
	pod, remove := mustPod()
	defer remove()
	ctx := context.Background()
	provider, err := credentials.New(ctx, pod.Config())
	if err != nil {
		log.Fatal(err)
	}
	defer provider.Close()

	old, err := provider.Retrieve(ctx)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println("invalidated:", provider.Invalidate(old.AccessKeyID))
	fresh, err := provider.Retrieve(ctx)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println("another key:", fresh.AccessKeyID != old.AccessKeyID)
	// Output:
	// invalidated: true
	// another key: true
}

// An aws.Config from elsewhere gets what LoadConfig gives: credentials, and
// clients that repeat a request with fresh ones when a service rejects the key.
func ExampleProvider_Configure() {
	pod, remove := mustPod()
	defer remove()
	ctx := context.Background()
	provider, err := credentials.New(ctx, pod.Config())
	if err != nil {
		log.Fatal(err)
	}
	defer provider.Close()

	cfg := aws.Config{Region: "eu-west-1", HTTPClient: pod.AWS.HTTPClient()}
	provider.Configure(&cfg)

	pod.AWS.Inject(credentialstest.When{Operation: "GetCallerIdentity", Times: 1}, credentialstest.Fault{
		Code: "ExpiredToken", Message: "The security token included in the request is expired",
	})
	out, err := sts.NewFromConfig(cfg).GetCallerIdentity(ctx, nil)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(aws.ToString(out.Arn))
	fmt.Println("sessions:", provider.Stats().Sessions[0].Refreshes)
	// Output:
	// arn:aws:sts::111122223333:assumed-role/pod-role/testnamespace.testapp.testapp-0
	// sessions: 2
}
