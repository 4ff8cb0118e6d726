import { volumeFields, type DriverParameter, type RateUnit, type VolumeField } from '../../api/storagecluster.js';
import { knownDriver } from './known.js';

/** How a driver is told one field. */
export interface Parameter {
  readonly key: string;
  /** Of rates. Default: Bytes. */
  readonly unit?: RateUnit | undefined;
  /** Behind the number. */
  readonly suffix?: string;
  /** Words for numbers, where the driver takes no others. */
  readonly words?: Readonly<Record<number, string>>;
}

type Parameters = Readonly<Partial<Record<VolumeField, Parameter>>>;

/** What a driver can be told. */
export interface DriverFacts {
  /** Once, when a volume is made: parameters of a StorageClass. */
  readonly storageClass: Parameters;
  /** While it is in use: parameters of a VolumeAttributesClass. */
  readonly attributes: Parameters;
  /** It encrypts every volume at rest without being told. */
  readonly encrypts?: true;
}

/** What is known of a driver, with what an admin says of it over that. Pure. */
export function factsOf(driver: string, said: readonly DriverParameter[] = []): DriverFacts {
  const known = knownDriver(driver) ?? { storageClass: {}, attributes: {} };
  const fields = new Set(said.map(({ field }) => field));
  const kept = (parameters: Parameters): Parameters => Object.fromEntries(Object.entries(parameters).filter(([field]) => !fields.has(field as VolumeField)));
  const own = (where: 'storageClass' | 'volumeAttributesClass'): Parameters =>
    Object.fromEntries(said.flatMap((entry) => (entry[where] === undefined ? [] : [[entry.field, { key: entry[where], unit: entry.unit }]])));
  return {
    storageClass: { ...kept(known.storageClass), ...own('storageClass') },
    attributes: { ...kept(known.attributes), ...own('volumeAttributesClass') },
    ...(known.encrypts === undefined ? {} : { encrypts: known.encrypts }),
  };
}

/** Fields that the driver can be told in one way or the other. Pure. */
export function enforceableFields({ storageClass, attributes, encrypts }: DriverFacts): VolumeField[] {
  return volumeFields.filter((field) => storageClass[field] !== undefined || attributes[field] !== undefined || (field === 'encryption' && encrypts === true));
}

const unitBytes: Readonly<Record<RateUnit, number>> = { Bytes: 1, MB: 1_000_000, MiB: 1024 * 1024 };

/** The value of a parameter, rates in bytes a second and rounded up; undefined when the driver cannot be told this value. Pure. */
export function parameterText(value: number | true, { unit = 'Bytes', suffix = '', words }: Parameter): string | undefined {
  if (value === true) return 'true';
  if (words !== undefined) return words[value];
  return `${Math.ceil(value / unitBytes[unit])}${suffix}`;
}
