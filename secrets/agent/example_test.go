package agent_test

import (
	"context"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"os"
	"path/filepath"

	"github.com/irsakit/irsa/secrets"
	"github.com/irsakit/irsa/secrets/agent"
	"github.com/irsakit/irsa/secrets/secretstest"
)

// In a pod, the store is made with secrets.New and the aws.Config of
// credentials.LoadConfig. Here it reads secrets that are made up.
func Example() {
	ctx, cancel := context.WithCancel(context.Background())
	source := secretstest.NewSource(map[string]string{"prod/db": `{"username":"app","password":"example"}`})
	store, err := secrets.NewWithSource(ctx, source, secrets.Config{})
	if err != nil {
		log.Fatal(err)
	}
	defer store.Close()

	dir, err := os.MkdirTemp("", "shared-volume")
	if err != nil {
		log.Fatal(err)
	}
	defer os.RemoveAll(dir)
	file := filepath.Join(dir, "token")
	token, err := agent.MintToken(file)
	if err != nil {
		log.Fatal(err)
	}
	token.Secrets = []string{"prod/*"}

	a, err := agent.New(agent.Config{Store: store, Tokens: []agent.Token{token}, Declared: []string{"prod/db"}})
	if err != nil {
		log.Fatal(err)
	}
	defer a.Close()
	if err := a.Load(ctx); err != nil {
		log.Fatal(err)
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0") // in a pod, 127.0.0.1:2773
	if err != nil {
		log.Fatal(err)
	}
	ended := make(chan error)
	go func() { ended <- a.Serve(ctx, listener) }()

	fmt.Println(exampleClient(listener.Addr(), file))

	cancel()
	if err := <-ended; err != nil {
		log.Fatal(err)
	}
	// Output: {"ARN":null,"Name":"prod/db","VersionId":"version-1","SecretString":"{\"username\":\"app\",\"password\":\"example\"}","VersionStages":["AWSCURRENT"],"CreatedDate":null}
}

// exampleClient does what any program in the pod does.
func exampleClient(agent net.Addr, tokenFile string) string {
	token, err := os.ReadFile(tokenFile)
	if err != nil {
		log.Fatal(err)
	}
	request, err := http.NewRequest(http.MethodGet, "http://"+agent.String()+"/secretsmanager/get?secretId=prod/db", nil)
	if err != nil {
		log.Fatal(err)
	}
	request.Header.Set("X-Aws-Parameters-Secrets-Token", string(token))
	request.Close = true
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		log.Fatal(err)
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	if err != nil {
		log.Fatal(err)
	}
	return string(body)
}

// A token may read some secrets only, and name some roles only.
func ExampleToken() {
	token, err := agent.NewToken(os.Getenv("EXAMPLE_TOKEN"))
	fmt.Println(err) // there is no such variable

	token, err = agent.NewToken("c0ffee")
	if err != nil {
		log.Fatal(err)
	}
	token.Secrets = []string{
		"prod/db/*", // by name, in the pod's own account
		"arn:aws:secretsmanager:*:222233334444:secret:shared/*", // by ARN
		"ssm:/prod/*", // parameters
	}
	token.Roles = []string{} // none
	fmt.Println(token)
	// Output:
	// agent: the token is empty, so that an empty header would do
	// agent.Token
}
