// The Dominator's own programs, pinned: what Farrier hands to them is tested against them.
module farrier.internal/dominator

go 1.24

tool (
	github.com/Cloud-Foundations/Dominator/cmd/mdbd
	github.com/Cloud-Foundations/Dominator/cmd/subd
)

require (
	github.com/Cloud-Foundations/Dominator v0.11.0 // indirect
	github.com/Cloud-Foundations/tricorder v0.0.0-20191102180116-cf6bbf6d0168 // indirect
	github.com/aws/aws-sdk-go v1.44.112 // indirect
	github.com/fsnotify/fsnotify v1.5.1 // indirect
	github.com/jmespath/go-jmespath v0.4.0 // indirect
	golang.org/x/sys v0.28.0 // indirect
)
