module farrier/gofish

go 1.24

require github.com/stmcginnis/gofish v0.22.0
