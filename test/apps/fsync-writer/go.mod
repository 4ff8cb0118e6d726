module stillpoint.dev/stillpoint/test/apps/fsync-writer

go 1.26
