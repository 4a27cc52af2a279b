package main

const usage = `NAME
    agent - secrets over HTTP for programs in any language

SYNOPSIS
    agent [-c|--config FILE]
    agent sm start [-c|--config FILE]
    agent ready [-c|--config FILE] [-listen ADDR]

DESCRIPTION
    Serves secrets and parameters on 127.0.0.1:2773 to whoever has its token, by
    the contracts of AWS's Secrets Manager Agent and of the Lambda extension. The
    first form is that of versions 1 and 2 of AWS's agent, the second that of
    version 3, the Workload Credentials Provider, which also reads
    /etc/aws-workload-credentials-provider/config.toml if it is there. The
    configuration is the same for both, flat or nested.

    The first line on standard output says where it listens; the log goes to
    standard error. A second listener, on 127.0.0.1:2774, has /healthz, /readyz and
    /metrics, without a token. A browser finds http://localhost:2773/irsa/, with one:
    who the pod is, how old each secret is, and why one cannot be read.

    ready asks a running agent whether it can serve, for probes of kind exec:
    has it credentials, and the secrets of [irsa] preload? It takes the address
    from the configuration, which must be the agent's.

OPTIONS
    -c, --config FILE   the configuration, in TOML; see the README
    -listen ADDR        where the agent's health listener is
    -h, --help          print this, and exit with status 1, as AWS's agent

EXIT STATUS
    0   stopped by SIGINT or SIGTERM; switched off by enabled = false; ready
    1   anything else

ENVIRONMENT
    AWS_TOKEN, AWS_SESSION_TOKEN, AWS_CONTAINER_AUTHORIZATION_TOKEN: the first that
    is set holds the token, or file:///PATH of it. If none is, or there is no such
    file, a token is made in a file: that of PATH, or of
    IRSA_AGENT_TOKEN_FILE, by default /var/run/irsa/token, whose directory must be
    there.

    IRSA_AGENT_DIALECT is agent, extension or route, the default. With extension,
    PARAMETERS_SECRETS_EXTENSION_{CACHE_ENABLED,CACHE_SIZE,HTTP_PORT,
    MAX_CONNECTIONS,LOG_LEVEL} and {SECRETS_MANAGER,SSM_PARAMETER_STORE}_{TTL,
    TIMEOUT_MILLIS} count as they do for the Lambda extension.

    Identity, Region and endpoints come from what the AWS SDK for Go reads, and so
    from IRSA and EKS Pod Identity, AWS_ENDPOINT_URL among it.

EXAMPLES
    agent
    agent sm start --config agent.toml
    agent ready -listen 127.0.0.1:2774
    curl -H "X-Aws-Parameters-Secrets-Token: $(cat /var/run/irsa/token)" \
        "http://localhost:2773/secretsmanager/get?secretId=prod/db"
`
