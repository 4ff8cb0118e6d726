module stillpoint.dev/test/writer

go 1.26
