package main

const usage = `NAME
    files - write the files that manifests of secrets ask for

SYNOPSIS
    files [flags] -dir DIR MANIFEST…
    files -check MANIFEST…

DESCRIPTION
    Reads SecretProviderClass (of the AWS provider) and SecretStore,
    ClusterSecretStore and ExternalSecret (of AWS) as they are written for the
    Secrets Store CSI driver and the External Secrets Operator, fetches what they
    ask for from AWS Secrets Manager and Parameter Store with the pod's own
    identity, and writes it to files. It needs neither driver nor operator nor
    access to the Kubernetes API.

    Each SecretProviderClass goes to DIR and its name, each ExternalSecret to DIR
    and the name of its target. The files of one are replaced all at once, as the
    kubelet does it, and only if everything was fetched: otherwise they stay as
    they are, and files tries again. An ExternalSecret whose deletionPolicy says so
    loses the files of secrets that are gone.

    A MANIFEST is a file with any number of YAML documents; "-" is standard input.
    Stores must be among them. A field that cannot be obeyed is an error with its
    line; one that changes nothing here is a warning. Manifests are read once, at
    the start: to use others, start files again.

OPTIONS
    -dir DIR            should be in memory; made if it does not exist
    -mode MODE          permissions of files whose manifest says nothing; default
                        0440
    -uid ID, -gid ID    who owns the files, as numbers; to give files away takes
                        the capability CHOWN. Default: who runs this, and the
                        group of the volume if the pod has an fsGroup
    -insecure-dir       accept directories that everybody may write to or that are
                        symbolic links
    -once               write everything once and exit, for init containers. What
                        can be had is written even if something else cannot
    -check              only read the manifests, and print what files they come to
    -lenient            warn of unknown fields instead of refusing them
    -refresh DURATION   how often what a SecretProviderClass names is fetched,
                        which it does not say itself; default 2m

    Whose manifests they are:
    -namespace NAME, -service-account NAME
                        of the pod. Default: as the pod's token for AWS says

    Who hears of changes, again until it works (not with -once):
    -signal NAME        send HUP, INT, TERM, USR1 or USR2 to a process
    -process NAME       by the name of its program, or
    -pid-file FILE      by the file that has its id. In a pod it takes
                        shareProcessNamespace, and the same user
    -command COMMAND    run a program; words are separated by spaces
    -call URL           make a POST request
    -h                  print this

EXIT STATUS
    0  everything was written; without -once: it was asked to end
    1  not everything could be fetched or written
    2  the command line or a manifest is wrong

ENVIRONMENT
    All that the AWS SDK for Go reads, AWS_REGION and AWS_ENDPOINT_URL among it.

EXAMPLES
    files -check deploy/*.yaml
    files -once -dir /run/secrets/app /etc/manifests/app.yaml
    files -dir /run/secrets/app -signal HUP -process nginx /etc/manifests/app.yaml
`
