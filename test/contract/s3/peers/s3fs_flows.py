"""What data tools do through s3fs: files, folders, globs, appends, moves."""

import os

import s3fs

fs = s3fs.S3FileSystem(endpoint_url=os.environ["AWS_ENDPOINT_URL"])
root = "s3fs-flows"
fs.mkdir(root)
with fs.open(f"{root}/dt=2026-01-01/a b.json", "wb") as file:
    file.write(b'{"x": 1}\n' * 1000)
assert fs.cat(f"{root}/dt=2026-01-01/a b.json") == b'{"x": 1}\n' * 1000
assert fs.info(f"{root}/dt=2026-01-01/a b.json")["size"] == 9000
big = os.urandom(60 * 1024 * 1024)
with fs.open(f"{root}/big.bin", "wb", block_size=10 * 1024 * 1024) as file:
    file.write(big)
with fs.open(f"{root}/big.bin", "rb") as file:
    file.seek(50_000_000)
    assert file.read(1000) == big[50_000_000:50_001_000]
assert fs.cat(f"{root}/big.bin") == big
for day in range(1, 4):
    fs.pipe(f"{root}/dt=2026-02-0{day}/part-{day}.json", b"{}")
assert len(fs.glob(f"{root}/dt=2026-02-*/*.json")) == 3
assert sorted(fs.ls(root)) == [f"{root}/big.bin", f"{root}/dt=2026-01-01", f"{root}/dt=2026-02-01", f"{root}/dt=2026-02-02", f"{root}/dt=2026-02-03"]
assert len(fs.find(root)) == 5
fs.mv(f"{root}/big.bin", f"{root}/moved/big é.bin")
assert not fs.exists(f"{root}/big.bin") and fs.du(root) == 9000 + len(big) + 6
with fs.open(f"{root}/dt=2026-02-01/part-1.json", "ab") as file:
    file.write(b"[]")
assert fs.cat(f"{root}/dt=2026-02-01/part-1.json") == b"{}[]"
fs.setxattr(f"{root}/dt=2026-02-01/part-1.json", source="kafka")
assert fs.metadata(f"{root}/dt=2026-02-01/part-1.json") == {"source": "kafka"}
fs.rm(root, recursive=True)
assert not fs.exists(root)
print("ok")
