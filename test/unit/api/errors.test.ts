import { readFile } from 'node:fs/promises';
import { expect, test } from '@jest/globals';
import { errorCatalogue } from '../../../src/api/errors.js';
import { errorsPage } from '../../../tools/errors-page.js';

const page = await readFile('docs/errors.md', 'utf8');
const documented = [...page.matchAll(/^\| `(\w+)` \| (.*) \| (.*) \| .* \|$/gm)].map(([, code, meaning, remedy]) => ({ code, meaning, remedy }));

test('docs/errors.md has every code of the catalogue with its words, and no other', () => {
  const catalogue = Object.entries(errorCatalogue).map(([code, { meaning, remedy }]) => ({ code, meaning, remedy }));
  expect(documented).toEqual(catalogue.sort((a, b) => (a.code < b.code ? -1 : 1)));
});

test('codes are CamelCase words, meanings and remedies are sentences', () => {
  for (const [code, { meaning, remedy }] of Object.entries(errorCatalogue)) {
    expect(code).toMatch(/^([A-Z][a-z]+)+$/);
    expect(meaning).toMatch(/^(?:[A-Z]|spec\.).*\.$/);
    expect(remedy).toMatch(/^[A-Z].*\.$/);
  }
});

test('a retry policy without words is refused', () => {
  expect(() => errorsPage({ Odd: { retry: 'sometimes', meaning: 'M.', remedy: 'R.' } })).toThrow('Odd: no words for retry sometimes');
});
