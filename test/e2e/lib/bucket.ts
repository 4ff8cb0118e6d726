/** A bucket on a server of S3, as whoever copies to it or restores from it knows it. */
export interface Bucket {
  readonly endpoint: string;
  readonly bucket: string;
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  /** Of the server's authority, in PEM. */
  readonly ca: string;
}

/** Folder in the bucket that every target of the suites writes to. */
export const prefix = 'stillpoint';

/** Credentials of the bucket and authority of its server, as Secrets of a namespace. */
export function serverSecrets(bucket: Bucket, names: { login: string; ca: string }, wrong: { secretAccessKey?: string; ca?: string } = {}): unknown[] {
  return [
    { apiVersion: 'v1', kind: 'Secret', metadata: { name: names.login }, stringData: { AWS_ACCESS_KEY_ID: bucket.accessKeyId, AWS_SECRET_ACCESS_KEY: wrong.secretAccessKey ?? bucket.secretAccessKey } },
    { apiVersion: 'v1', kind: 'Secret', metadata: { name: names.ca }, stringData: { 'ca.crt': wrong.ca ?? bucket.ca } },
  ];
}

/** A BackupTarget in the bucket; `spec` overrides, `s3` what is in it. */
export function bucketTarget({ endpoint, bucket }: Bucket, name: string, spec: Readonly<Record<string, unknown>> = {}, s3: Readonly<Record<string, unknown>> = {}): unknown {
  return {
    apiVersion: 'stillpoint.dev/v1alpha1',
    kind: 'BackupTarget',
    metadata: { name },
    spec: {
      serviceAccountName: 'stillpoint',
      s3: { endpoint, bucket, prefix, credentialsSecretRef: { name: 's3-login' }, caSecretRef: { name: 's3-ca' }, ...s3 },
      encryptionKeySecretRef: { name: 's3-encryption-key' },
      ...spec,
    },
  };
}
