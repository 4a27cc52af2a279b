module github.com/irsakit/irsa/internal/bench

go 1.26

replace github.com/irsakit/irsa => ../..

require (
	github.com/irsakit/irsa v0.0.0-00010101000000-000000000000
	github.com/liamg/iamgo v0.0.9
	github.com/minio/pkg/v3 v3.1.3
)

require (
	github.com/goccy/go-json v0.10.5 // indirect
	github.com/liamg/jfather v0.0.7 // indirect
	github.com/minio/minio-go/v7 v7.0.88 // indirect
)
