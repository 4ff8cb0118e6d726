import type { DriverFacts } from './facts.js';

/**
 * Drivers that Stillpoint knows. What is not named here cannot be told by a field: disk types, pools and secrets come from the class that a policy
 * builds on. Nothing is in this table without its source; an admin corrects it by spec.engine.external.parameters.
 */
export const drivers: Readonly<Record<string, DriverFacts>> = {
  // aws-ebs-csi-driver, docs/parameters.md: iops, throughput (MiB/s, gp3 only), encrypted. docs/modify-volume.md: type, iops and throughput by
  // ControllerModifyVolume; one change of a volume in six hours. A number of operations is a provisioned level and the limit in one.
  'ebs.csi.aws.com': {
    storageClass: { encryption: { key: 'encrypted' }, minIops: { key: 'iops' }, minBps: { key: 'throughput', unit: 'MiB' } },
    attributes: { minIops: { key: 'iops' }, minBps: { key: 'throughput', unit: 'MiB' } },
  },
  // gcp-compute-persistent-disk-csi-driver, README.md: provisioned-iops-on-create, provisioned-throughput-on-create, replication-type (none, or
  // regional-pd: in two zones). examples/kubernetes/demo-vol-create.yaml: iops: "3000", throughput: "150Mi" in a VolumeAttributesClass.
  // Disks are encrypted at rest by default (cloud.google.com/docs/security/encryption/default-encryption).
  'pd.csi.storage.gke.io': {
    storageClass: {
      replicas: { key: 'replication-type', words: { 1: 'none', 2: 'regional-pd' } },
      minIops: { key: 'provisioned-iops-on-create' },
      minBps: { key: 'provisioned-throughput-on-create', unit: 'MiB', suffix: 'Mi' },
    },
    attributes: { minIops: { key: 'iops' }, minBps: { key: 'throughput', unit: 'MiB', suffix: 'Mi' } },
    encrypts: true,
  },
  // azuredisk-csi-driver, docs/driver-parameters.md: DiskIOPSReadWrite, DiskMBpsReadWrite (Ultra and Premium v2 disks); docs of the example modifyvolume:
  // the same two, and skuName, in a VolumeAttributesClass, from v1.30.2. How often data are replicated is part of skuName, which is the class's.
  // Managed disks are encrypted at rest by default (learn.microsoft.com/azure/virtual-machines/disk-encryption).
  'disk.csi.azure.com': {
    storageClass: { minIops: { key: 'DiskIOPSReadWrite' }, minBps: { key: 'DiskMBpsReadWrite', unit: 'MB' } },
    attributes: { minIops: { key: 'DiskIOPSReadWrite' }, minBps: { key: 'DiskMBpsReadWrite', unit: 'MB' } },
    encrypts: true,
  },
  // longhorn.io/docs/1.12.1/references/storage-class-parameters: numberOfReplicas, encrypted. No limits of operations, nothing to modify.
  'driver.longhorn.io': {
    storageClass: { replicas: { key: 'numberOfReplicas' }, encryption: { key: 'encrypted' } },
    attributes: {},
  },
  // linstor-csi 1.12: placementCount, encryption; limits from 1.11.3 by StorageClass only, enforced by the NRI plugin nri-volume-qos.
  'linstor.csi.linbit.com': {
    storageClass: {
      replicas: { key: 'linstor.csi.linbit.com/placementCount' },
      encryption: { key: 'linstor.csi.linbit.com/encryption' },
      maxReadIops: { key: 'qos.linbit.com/riops' },
      maxWriteIops: { key: 'qos.linbit.com/wiops' },
      maxReadBps: { key: 'qos.linbit.com/rbps' },
      maxWriteBps: { key: 'qos.linbit.com/wbps' },
    },
    attributes: {},
  },
};

/** The driver of Ceph block devices. How often data are replicated is the pool's, which is the class's. */
const cephBlock: DriverFacts = {
  // ceph-csi, examples/rbd/storageclass.yaml: encrypted, with encryptionKMSID of the class. Design doc "RBD QoS using cgroup v2", and Rook 1.21:
  // the four limits by VolumeAttributesClass; they need cgroup v2 on the nodes, and a class with the secrets controller-modify and node-publish.
  storageClass: { encryption: { key: 'encrypted' } },
  attributes: { maxReadIops: { key: 'maxReadIops' }, maxWriteIops: { key: 'maxWriteIops' }, maxReadBps: { key: 'maxReadBps' }, maxWriteBps: { key: 'maxWriteBps' } },
};

/** The driver of the project's test cluster (test/cluster/csi-driver/README.md). */
const bed: DriverFacts = {
  storageClass: { replicas: { key: 'replicas' }, encryption: { key: 'encrypted' }, minIops: { key: 'iops' }, minBps: { key: 'throughput' } },
  attributes: { minIops: { key: 'iops' }, minBps: { key: 'throughput' } },
};

/** What is known of a driver; undefined: nothing. Rook puts its namespace before the name of Ceph's, and a test cluster may have several of ours. Pure. */
export function knownDriver(driver: string): DriverFacts | undefined {
  if (/(^|\.)rbd\.csi\.ceph\.com$/.test(driver)) return cephBlock;
  if (/^csi[0-9]*\.bed\.stillpoint\.dev$/.test(driver)) return bed;
  return Object.hasOwn(drivers, driver) ? drivers[driver] : undefined;
}
