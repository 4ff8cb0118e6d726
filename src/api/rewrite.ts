import { z } from 'zod';
import { labelSelector, mapOf } from './common.js';

/** Keys of a map have no schema in a CRD. */
const classNamesRule = { rule: 'self.all(k, size(k) >= 1 && size(k) <= 253)', message: 'every key must be the name of a storage class, 1 to 253 characters' };

/** Storage classes, from: to. */
export const storageClassMap = mapOf(z.string().min(1).max(253), z.string().min(1).max(253), 64).meta({ 'x-kubernetes-validations': [classNamesRule] });

const component = '[a-zA-Z0-9]+([._-]+[a-zA-Z0-9]+)*';
/** A reference to an image, or the beginning of one up to a slash. Written without backslashes, so that it is the same text in CEL. */
const imagePattern = `^${component}((:[0-9]+)?(/${component})+)?(:[A-Za-z0-9_][A-Za-z0-9_.-]*)?(@[A-Za-z0-9]+([+._-][A-Za-z0-9]+)*:[0-9a-fA-F]+)?$`;
export const imageReference = new RegExp(imagePattern);

/** A reference that may end in a tag: `name:5000` may as well be a registry with its port. */
const mayHaveTag = ':[^/]*$|@';
const hasTag = '/.*:[^/]*$|:[^/]*[^0-9/][^/]*$|@';

const longestImage = 512;
const imageText = z.string().min(1).max(longestImage).regex(imageReference);

export const imagesRule = {
  rule: `self.all(k, size(k) <= ${longestImage} && k.matches('${imagePattern}'))`,
  message: 'every key must be a reference to an image or the beginning of one, without a slash at its end, for example registry.example:5000/team or registry.example/team/web:1.4',
};
export const tagsRule = {
  rule: `self.all(k, k.matches('${mayHaveTag}') || !self[k].matches('${hasTag}'))`,
  message: 'a value with a tag or digest needs a key with one, because a tag that the key does not name is kept',
};

const keepsTags = (images: Readonly<Record<string, string>>): boolean => Object.entries(images).every(([from, to]) => new RegExp(mayHaveTag).test(from) || !new RegExp(hasTag).test(to));

const images = mapOf(imageText, imageText, 64).refine(keepsTags, tagsRule.message).meta({ 'x-kubernetes-validations': [imagesRule, tagsRule] });

const hostPattern = '^([*][.])?[a-z0-9]([-a-z0-9]*[a-z0-9])?([.][a-z0-9]([-a-z0-9]*[a-z0-9])?)*$';
const hostText = z.string().min(1).max(253).regex(new RegExp(hostPattern));

export const hostsRule = {
  rule: `self.all(k, size(k) <= 253 && k.matches('${hostPattern}'))`,
  message: 'every key must be a DNS name in lower case, for example shop.example or *.shop.example',
};

const hosts = mapOf(hostText, hostText, 64).meta({ 'x-kubernetes-validations': [hostsRule] });

const pointer = z.string().max(1024).regex(/^(\/([^~/]|~[01])*)*$/);

export const fromRule = { rule: "(self.op in ['copy', 'move']) == has(self.from)", message: 'copy and move need from; no other operation may have it' };

const operation = z
  .strictObject({
    op: z.enum(['add', 'remove', 'replace', 'move', 'copy', 'test']).describe('What is done. A test that fails refuses the restore.'),
    path: pointer.describe('JSON pointer of what is changed or tested. Elements of a list by number, from 0; with add, - is the place after the last one.'),
    from: pointer.optional().describe('JSON pointer of what is copied or moved; for these only.'),
    value: z.unknown().optional().describe('Any value; needed by add, replace and test.'),
  })
  .refine(({ op, from }) => (op === 'copy' || op === 'move') === (from !== undefined), fromRule.message)
  .meta({ 'x-kubernetes-validations': [fromRule] });
export type PatchOperation = z.infer<typeof operation>;

const target = z
  .strictObject({
    group: z
      .string()
      .max(253)
      .regex(/^([a-z0-9]([-a-z0-9.]*[a-z0-9])?)?$/)
      .optional()
      .describe('API group; empty for the core group. Default: any.'),
    kind: z.string().min(1).max(63).regex(/^[A-Z][A-Za-z0-9]*$/).describe('Kind, for example Deployment.'),
    name: z.string().min(1).max(253).regex(/^[A-Za-z0-9]([-A-Za-z0-9.:_]*[A-Za-z0-9])?$/).optional().describe('Name. Default: all of this kind.'),
    labelSelector: labelSelector.optional().describe('Labels that the objects must have. Default: any.'),
  })
  .describe('Which objects are patched. There must be at least one among those that are restored.');
export type PatchTarget = z.infer<typeof target>;

const objectPatch = z.strictObject({
  target,
  patch: z.array(operation).min(1).max(64).describe('Operations of JSON Patch (RFC 6902), in order. If one does not apply to one of the objects, nothing is restored.'),
});
export type ObjectPatch = z.infer<typeof objectPatch>;

/** What is changed in objects on their way to another place. */
export const rewriteSpec = z.strictObject({
  storageClasses: storageClassMap.optional().describe('Storage classes, from: to.'),
  images: images
    .optional()
    .describe(
      'Images, from: to, in Pods and in the pod templates of built-in kinds: of containers, init containers, ephemeral containers and image volumes. A key is a whole reference, or the beginning of one that goes on with a slash, or with a tag or digest, which is kept then; the longest key that matches counts. What does not become a reference does not match. References are compared as they are written: nginx is not docker.io/library/nginx.',
    ),
  hosts: hosts
    .optional()
    .describe(
      'DNS hosts, from: to, where a field of a known kind is a host: Ingress, the routes and Gateways of the Gateway API, Route of OpenShift, Certificate of cert-manager, DomainMapping of Knative, Gateway and VirtualService of Istio, HTTPProxy of Contour, and the annotations and DNSEndpoints of external-dns. A host is replaced when it is a key as a whole; *.shop.example is a host of its own. Hosts in other texts stay.',
    ),
  patches: z.array(objectPatch).max(32).optional().describe('Changes to single objects, in order, after all others. They cannot touch what the restore itself goes by: kind, name and namespace, labels and annotations of Stillpoint, and what a claim is filled from.'),
});
export type RewriteSpec = z.infer<typeof rewriteSpec>;
