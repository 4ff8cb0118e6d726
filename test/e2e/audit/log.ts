import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

/** An entry of the API server's audit log, as far as rights are judged by it (audit.k8s.io/v1). */
export interface AuditEvent {
  readonly stage: string;
  readonly verb: string;
  readonly requestURI: string;
  readonly user: { readonly username: string };
  readonly userAgent?: string;
  readonly impersonatedUser?: { readonly username: string };
  readonly objectRef?: { readonly apiGroup?: string; readonly resource?: string; readonly subresource?: string; readonly namespace?: string; readonly name?: string };
  readonly responseStatus?: { readonly code?: number; readonly message?: string };
  readonly annotations?: Readonly<Record<string, string>>;
  readonly requestReceivedTimestamp: string;
}

const ownBed = process.env['BED'] ?? 'a';
const directoryOf = (bed: string): string => join(process.env['STILLPOINT_BED'] ?? '/var/tmp/stillpoint-bed', bed);

/** As many rotated files as the API server keeps (test/cluster/lib/control-plane.sh); with so many, older ones may be gone. */
const keptFiles = 20;

/** The files of the log of a cluster, oldest first. Throws when something may have been rotated away. */
function auditFiles(bed: string): string[] {
  const directory = directoryOf(bed);
  const rotated = readdirSync(directory).filter((name) => /^audit-.*\.log$/.test(name)).sort();
  if (rotated.length >= keptFiles) throw new Error(`${directory}: ${rotated.length} rotated audit logs: older ones may be gone`);
  return [...rotated, 'audit.log'].map((name) => join(directory, name));
}

/** The whole log of this cluster as it stands. */
export function auditText(): string {
  return auditFiles(ownBed).map((file) => readFileSync(file, 'utf8')).join('');
}

/** Every request that was answered, once, by the clusters that are named, this one by default. An exec or a watch counts from its begin: many have not ended. */
export function auditEvents(select: (line: string) => boolean, beds: readonly string[] = [ownBed]): AuditEvent[] {
  return beds.flatMap(auditFiles).flatMap((file) => {
    const lines = readFileSync(file, 'utf8').split('\n').filter((line) => line !== '' && select(line));
    // The last line may be half written.
    return lines.flatMap((line) => (line.endsWith('}') ? [JSON.parse(line) as AuditEvent] : []));
  });
}
