/** Values of `self` that keep and break a rule of CEL, by the text of the rule. Durations have theirs generated. */
export const celFixtures: Readonly<Record<string, readonly { readonly good: unknown; readonly bad: unknown }[]>> = {
  "self.all(k, size(k) <= 317 && k.matches('^([a-z0-9.-]+/)?[A-Za-z0-9]([-A-Za-z0-9_.]*[A-Za-z0-9])?$'))": [
    { good: { app: 'shop', 'app.kubernetes.io/name': 'shop' }, bad: { 'app name': 'shop' } },
    { good: { [`${'a'.repeat(253)}/${'a'.repeat(63)}`]: 'shop' }, bad: { [`${'a'.repeat(254)}/${'a'.repeat(63)}`]: 'shop' } },
  ],
  "(self.operator in ['In', 'NotIn']) == (has(self.values) && size(self.values) > 0)": [
    { good: { key: 'app', operator: 'In', values: ['a'] }, bad: { key: 'app', operator: 'In' } },
    { good: { key: 'app', operator: 'NotIn', values: ['a'] }, bad: { key: 'app', operator: 'NotIn', values: [] } },
    { good: { key: 'app', operator: 'Exists' }, bad: { key: 'app', operator: 'Exists', values: ['a'] } },
    { good: { key: 'app', operator: 'DoesNotExist', values: [] }, bad: { key: 'app', operator: 'DoesNotExist', values: ['a'] } },
  ],
  'self.all(k, size(k) >= 1 && size(k) <= 253)': [
    { good: { a: 'fast', ['b'.repeat(253)]: 'fast' }, bad: { '': 'fast' } },
    { good: { a: 'fast' }, bad: { ['b'.repeat(254)]: 'fast' } },
  ],
};
