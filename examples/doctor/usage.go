package main

const usage = `NAME
    doctor - say which AWS identity a pod has, and why not another

SYNOPSIS
    doctor [FLAGS]
    doctor completion bash|zsh|fish
    doctor help

DESCRIPTION
    Looks at everything on the way from this process's environment to its AWS
    identity: the variables of IRSA and EKS Pod Identity, the projected token
    and whether it is still renewed, the cluster's issuer and the token's
    signature, name, port and clock of STS, the role sessions themselves, and
    whether the node's own role is within reach. Prints a table of what it saw,
    with what to do about it. With -secret it goes on to the secret and its key.

    Run it where the trouble is: in the pod, with the pod's environment. It
    changes nothing and prints no secret, token or key. The calls to STS are
    real. On a terminal a line says which checks are under way, until the table
    takes its place.

OPTIONS
    Where the identity comes from; by default the environment says it:
    -region REGION        the Region whose STS is asked
    -role-arn ARN         the role of web identity; needs -token-file
    -token-file FILE      the projected token
    -audience AUDIENCE    what the token is for; default sts.amazonaws.com
    -profile NAME         a profile of the shared config files
    -hop ARN              a role to assume from there; may be repeated
    -external-id ID       the external id for the -hop before it

    What it should be:
    -expect-account ID    fail unless the identity is of this account
    -expect-role ARN      fail unless it is this role

    And then:
    -secret REF           read this secret of Secrets Manager, by name or ARN;
                          shows length and version, never the value
    -timeout DURATION     for everything together, such as 30s; default 1m
    -strict               let warnings, and what could not be looked at, count
                          as failures
    -json                 print JSON instead of a table
    -color WHEN           colours: auto, on a terminal (the default); always;
                          or never
    -h                    print this

OUTPUT
    A row for each check: status, name, what was seen; below it what to do. The
    rows go from cause to effect: begin with the first failure.

    ok       it is as it should be
    info     to know; nobody has to act
    unknown  it could not be looked at, since something before it is amiss
    warning  it works, but less well or less safely than it should
    failure  there are no credentials or no secret, or not the right ones

    With -json:

    {"worst": STATUS, "explanation": TEXT, "checks": [
        {"name": NAME, "status": STATUS, "evidence": TEXT, "fix": TEXT}, ...]}

    "fix" and "explanation" are left out where there is none. Names and statuses
    stay as they are; texts are for people, and may change.

EXIT STATUS
    0    nothing failed
    1    something failed; with -strict also: a warning, or something unknown
    2    bad usage
    130  interrupted; nothing is printed

ENVIRONMENT
    All that the AWS SDK for Go reads, AWS_ENDPOINT_URL among it.
    AWS_EC2_METADATA_DISABLED=true leaves out the question for the node's role.
    COLUMNS is how wide the table may be, by default as wide as the terminal and
    without limit elsewhere. NO_COLOR, if it is not empty, and TERM=dumb switch
    colours off.

EXAMPLES
    kubectl exec deploy/app -- doctor -strict
    doctor -expect-role arn:aws:iam::111122223333:role/pod-role
    doctor -secret prod/db
    doctor -json | jq -r '.checks[] | select(.status == "failure") | .name'
    source <(doctor completion bash)
`
