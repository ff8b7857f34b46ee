"""The flows of the contract suite once more with boto3: endpoint and keys come from the environment."""

import hashlib
import io
import os
import urllib.request

import boto3
from boto3.s3.transfer import TransferConfig
from botocore.client import Config
from botocore.exceptions import ClientError

BUCKET = "boto3-flows"


def client(**config):
    return boto3.client("s3", endpoint_url=os.environ["AWS_ENDPOINT_URL"], config=Config(s3={"addressing_style": "path"}, **config))


s3 = client()


def code(call, **arguments):
    try:
        call(**arguments)
    except ClientError as error:
        return error.response["Error"]["Code"], error.response["ResponseMetadata"]["HTTPStatusCode"]
    return None


def objects():
    body = bytes(range(256)) * 40
    put = s3.put_object(Bucket=BUCKET, Key="a b/é+&.bin", Body=body, Metadata={"source": "kafka"}, ContentType="text/x", Tagging="k=v")
    assert put["ETag"] == f'"{hashlib.md5(body).hexdigest()}"'
    got = s3.get_object(Bucket=BUCKET, Key="a b/é+&.bin")
    assert got["Body"].read() == body and got["Metadata"] == {"source": "kafka"} and got["ContentType"] == "text/x" and got["TagCount"] == 1
    assert s3.get_object(Bucket=BUCKET, Key="a b/é+&.bin", Range="bytes=-3")["Body"].read() == body[-3:]
    for algorithm in ("CRC32", "SHA1", "SHA256"):
        s3.put_object(Bucket=BUCKET, Key="sum", Body=b"x", ChecksumAlgorithm=algorithm)
        assert s3.head_object(Bucket=BUCKET, Key="sum", ChecksumMode="ENABLED")[f"Checksum{algorithm}"]
    s3.put_object(Bucket=BUCKET, Key="stream", Body=io.BufferedReader(io.BytesIO(body)))
    assert s3.get_object(Bucket=BUCKET, Key="stream")["Body"].read() == body
    s3.copy_object(Bucket=BUCKET, Key="copy", CopySource={"Bucket": BUCKET, "Key": "a b/é+&.bin"})
    assert s3.head_object(Bucket=BUCKET, Key="copy")["Metadata"] == {"source": "kafka"}
    assert code(s3.get_object, Bucket=BUCKET, Key="none") == ("NoSuchKey", 404)
    assert code(s3.head_object, Bucket=BUCKET, Key="none") == ("404", 404)
    assert code(s3.put_object, Bucket=BUCKET, Key="copy", Body=b"x", IfNoneMatch="*") == ("PreconditionFailed", 412)
    assert code(s3.get_object, Bucket="no-such-bucket-here", Key="k") == ("NoSuchBucket", 404)
    wrong = boto3.client("s3", endpoint_url=os.environ["AWS_ENDPOINT_URL"], aws_secret_access_key="wrong", aws_access_key_id=os.environ["AWS_ACCESS_KEY_ID"])
    assert code(wrong.list_buckets) == ("SignatureDoesNotMatch", 403)


def listing():
    keys = sorted((f"list/{i:03}/{name}" for i in range(30) for name in ("a", "é b", "c+d")), key=lambda key: key.encode())
    for key in keys:
        s3.put_object(Bucket=BUCKET, Key=key, Body=b"")
    pages = s3.get_paginator("list_objects_v2").paginate(Bucket=BUCKET, Prefix="list/", PaginationConfig={"PageSize": 7})
    assert [entry["Key"] for page in pages for entry in page["Contents"]] == keys
    pages = s3.get_paginator("list_objects").paginate(Bucket=BUCKET, Prefix="list/", Delimiter="/", PaginationConfig={"PageSize": 7})
    assert len([entry for page in pages for entry in page["CommonPrefixes"]]) == 30
    done = s3.delete_objects(Bucket=BUCKET, Delete={"Objects": [{"Key": key} for key in keys]})
    assert len(done["Deleted"]) == 90 and "Errors" not in done


def multipart():
    data = os.urandom(20 * 1024 * 1024)
    config = TransferConfig(multipart_threshold=5 * 1024 * 1024, multipart_chunksize=5 * 1024 * 1024, max_concurrency=4)
    s3.upload_fileobj(io.BytesIO(data), BUCKET, "big", Config=config)
    back = io.BytesIO()
    s3.download_fileobj(BUCKET, "big", back, Config=config)
    assert back.getvalue() == data and s3.head_object(Bucket=BUCKET, Key="big")["ETag"].endswith('-4"')
    s3.copy({"Bucket": BUCKET, "Key": "big"}, BUCKET, "big copy", Config=config)
    assert s3.get_object(Bucket=BUCKET, Key="big copy")["Body"].read() == data


def versions():
    s3.put_bucket_versioning(Bucket=BUCKET, VersioningConfiguration={"Status": "Enabled"})
    one = s3.put_object(Bucket=BUCKET, Key="v", Body=b"1")["VersionId"]
    s3.put_object(Bucket=BUCKET, Key="v", Body=b"2")
    s3.delete_object(Bucket=BUCKET, Key="v")
    assert code(s3.get_object, Bucket=BUCKET, Key="v") == ("NoSuchKey", 404)
    assert s3.get_object(Bucket=BUCKET, Key="v", VersionId=one)["Body"].read() == b"1"
    listed = s3.list_object_versions(Bucket=BUCKET, Prefix="v")
    assert len(listed["Versions"]) == 2 and len(listed["DeleteMarkers"]) == 1
    s3.put_bucket_lifecycle_configuration(
        Bucket=BUCKET, LifecycleConfiguration={"Rules": [{"ID": "r", "Status": "Enabled", "Filter": {"Prefix": "x/"}, "Expiration": {"Days": 3}}]}
    )
    assert s3.get_bucket_lifecycle_configuration(Bucket=BUCKET)["Rules"][0]["Expiration"]["Days"] == 3


def presigned():
    for signer in (client(signature_version="s3v4"), client(), boto3.client("s3", endpoint_url=os.environ["AWS_ENDPOINT_URL"])):
        by_url(signer)


def by_url(signer):
    url = signer.generate_presigned_url("put_object", Params={"Bucket": BUCKET, "Key": "by url/é"}, ExpiresIn=60)
    urllib.request.urlopen(urllib.request.Request(url, data=b"by url", method="PUT", headers={"Content-Type": ""})).read()
    url = signer.generate_presigned_url("get_object", Params={"Bucket": BUCKET, "Key": "by url/é", "ResponseContentType": "text/a"}, ExpiresIn=60)
    with urllib.request.urlopen(url) as answer:
        assert answer.read() == b"by url" and answer.headers["content-type"] == "text/a"


def clean_up():
    bucket = boto3.resource("s3", endpoint_url=os.environ["AWS_ENDPOINT_URL"]).Bucket(BUCKET)
    bucket.object_versions.delete()
    bucket.delete()


s3.create_bucket(Bucket=BUCKET)
for flow in (objects, listing, multipart, versions, presigned, clean_up):
    flow()
    print("ok", flow.__name__)
print("sts", boto3.client("sts", endpoint_url=os.environ["AWS_ENDPOINT_URL"]).get_caller_identity()["Account"])
