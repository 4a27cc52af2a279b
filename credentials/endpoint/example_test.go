package endpoint_test

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"

	"github.com/aws/aws-sdk-go-v2/aws"

	"github.com/irsakit/irsa/credentials"
	"github.com/irsakit/irsa/credentials/credentialstest"
	"github.com/irsakit/irsa/credentials/endpoint"
)

// A server beside an application, and what the application's SDK sends.
func Example() {
	dir, err := os.MkdirTemp("", "")
	if err != nil {
		log.Fatal(err)
	}
	defer os.RemoveAll(dir)
	pod, err := credentialstest.NewPod(dir, nil)
	if err != nil {
		log.Fatal(err)
	}
	ctx, stop := context.WithCancel(context.Background())
	provider, err := credentials.New(ctx, pod.Config()) // in a pod: credentials.Config{}
	if err != nil {
		log.Fatal(err)
	}
	defer provider.Close()

	tokenFile := filepath.Join(dir, "authorization")
	token, err := endpoint.FileToken(tokenFile)
	if err != nil {
		log.Fatal(err)
	}
	server, err := endpoint.New(endpoint.Config{
		Provider: provider,
		Roles:    map[string]aws.CredentialsProvider{"billing": provider}, // mostly another, with hops
		Token:    token,
	})
	if err != nil {
		log.Fatal(err)
	}
	l, err := server.Listen(ctx, "127.0.0.1:0")
	if err != nil {
		log.Fatal(err)
	}
	var serving sync.WaitGroup
	serving.Go(func() {
		if err := server.Serve(ctx, l); err != nil {
			log.Print(err)
		}
	})

	for _, path := range []string{endpoint.PathCredentials, endpoint.PathRole + "billing", endpoint.PathRole + "admin"} {
		status, answer := get("http://"+l.Addr().String()+path, tokenFile)
		fmt.Println(status, answer["RoleArn"], answer["code"])
	}
	stop()
	serving.Wait()

	// Output:
	// 200 OK arn:aws:iam::111122223333:role/pod-role <nil>
	// 200 OK arn:aws:iam::111122223333:role/pod-role <nil>
	// 404 Not Found <nil> NotFound
}

// get asks as an SDK does.
func get(uri, tokenFile string) (status string, answer map[string]any) {
	token, err := os.ReadFile(tokenFile)
	if err != nil {
		log.Fatal(err)
	}
	r, err := http.NewRequest(http.MethodGet, uri, nil)
	if err != nil {
		log.Fatal(err)
	}
	r.Header.Set("Authorization", string(token))
	response, err := http.DefaultClient.Do(r)
	if err != nil {
		log.Fatal(err)
	}
	defer response.Body.Close()
	if err := json.NewDecoder(response.Body).Decode(&answer); err != nil {
		log.Fatal(err)
	}
	return response.Status, answer
}

func ExampleWriteProcess() {
	dir, err := os.MkdirTemp("", "")
	if err != nil {
		log.Fatal(err)
	}
	defer os.RemoveAll(dir)
	pod, err := credentialstest.NewPod(dir, nil)
	if err != nil {
		log.Fatal(err)
	}
	provider, err := credentials.New(context.Background(), pod.Config())
	if err != nil {
		log.Fatal(err)
	}
	defer provider.Close()

	var out strings.Builder
	if err := endpoint.WriteProcess(context.Background(), &out, provider); err != nil {
		log.Fatal(err) // standard error, and nothing on standard output
	}
	fields := make(map[string]any)
	if err := json.NewDecoder(strings.NewReader(out.String())).Decode(&fields); err != nil {
		log.Fatal(err)
	}
	delete(fields, "SecretAccessKey")
	delete(fields, "SessionToken")
	fmt.Println(len(fields), fields["Version"], fields["AccountId"])

	empty := aws.CredentialsProviderFunc(func(context.Context) (aws.Credentials, error) { return aws.Credentials{}, nil })
	err = endpoint.WriteProcess(context.Background(), io.Discard, empty)
	fmt.Println(err)

	// Output:
	// 4 1 111122223333
	// endpoint: credentials not handed out: the provider gives an empty key
}
