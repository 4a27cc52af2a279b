package credentials_test

import (
	"context"
	"fmt"
	"log"
	"os"
	"time"

	"github.com/irsakit/irsa/credentials"
	"github.com/irsakit/irsa/credentials/credentialstest"
)

// The kubelet has not renewed this pod's token for 25 hours.
func ExampleDiagnose() {
	dir, err := os.MkdirTemp("", "pod")
	if err != nil {
		log.Fatal(err)
	}
	defer os.RemoveAll(dir)
	pod, err := credentialstest.NewPod(dir, &credentialstest.PodOptions{
		Token: credentialstest.TokenRequest{IssuedAt: time.Now().Add(-25*time.Hour - 30*time.Second)},
	})
	if err != nil {
		log.Fatal(err)
	}
	report := credentials.Diagnose(context.Background(), pod.Config()) // credentials.Config{} in a pod
	fmt.Println("worst:", report.Worst())
	for _, check := range report.Checks {
		if check.Status == credentials.StatusFailure {
			fmt.Printf("%s: %s\n", check.Name, check.Status)
		}
	}
	// Output:
	// worst: failure
	// token expiry: failure
	// session: failure
}
