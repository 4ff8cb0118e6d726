import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import type { CacheEvent } from '../../../src/runtime/store.js';
import { namespaceIndex, Store } from '../../../src/runtime/store.js';

interface Item {
  metadata: { name: string; namespace: string; uid: string; resourceVersion: string };
  colour: string;
}

const item = (name: string, uid: string, version: number, colour = 'red'): Item => ({
  metadata: { name, namespace: 'n', uid, resourceVersion: String(version) },
  colour,
});

function setup(): { store: Store<Item>; events: string[] } {
  const events: string[] = [];
  const store = new Store<Item>({ colour: (o) => [o.colour] }, (e: CacheEvent<Item>) => {
    const object = e.type === 'deleted' ? e.old : e.object;
    events.push(`${e.type} ${e.key} ${object.metadata.uid}${e.type === 'added' && e.initial ? ' initial' : ''}`);
  });
  return { store, events };
}

test('the same version again changes nothing', () => {
  const { store, events } = setup();
  store.set('n/a', item('a', 'u1', 1));
  store.set('n/a', item('a', 'u1', 1));
  store.set('n/a', item('a', 'u1', 2));
  expect(events).toEqual(['added n/a u1', 'updated n/a u1']);
});

test('another uid under the name is a delete and an add', () => {
  const { store, events } = setup();
  store.set('n/a', item('a', 'u1', 1));
  store.set('n/a', item('a', 'u2', 2));
  expect(events).toEqual(['added n/a u1', 'deleted n/a u1', 'added n/a u2']);
});

test('a replacement makes up for what was missed', () => {
  const { store, events } = setup();
  store.replace(new Map([['n/a', item('a', 'u1', 1)], ['n/b', item('b', 'u2', 2)], ['n/c', item('c', 'u3', 3)]]), true);
  events.length = 0;
  store.replace(new Map([['n/b', item('b', 'u2', 5)], ['n/c', item('c', 'u9', 6)], ['n/d', item('d', 'u4', 7)]]), false);
  expect(events).toEqual(['deleted n/a u1', 'updated n/b u2', 'deleted n/c u3', 'added n/c u9', 'added n/d u4']);
});

test('the first fill is marked', () => {
  const { store, events } = setup();
  store.replace(new Map([['n/a', item('a', 'u1', 1)]]), true);
  expect(events).toEqual(['added n/a u1 initial']);
});

test('an unknown index is an error, an unknown value is empty', () => {
  const { store } = setup();
  expect(() => store.by('size', 'x')).toThrow('no index size');
  expect(store.by('colour', 'none')).toEqual([]);
});

test('indexes always say what a search through all objects would', () => {
  const change = fc.record({
    name: fc.constantFrom('a', 'b', 'c', 'd'),
    uid: fc.constantFrom('u1', 'u2'),
    colour: fc.constantFrom('red', 'green', 'blue'),
    remove: fc.boolean(),
  });
  fc.assert(
    fc.property(fc.array(change, { maxLength: 40 }), (changes) => {
      const { store } = setup();
      changes.forEach(({ name, uid, colour, remove }, version) => {
        if (remove) store.delete(`n/${name}`);
        else store.set(`n/${name}`, item(name, uid, version, colour));
        for (const value of ['red', 'green', 'blue']) {
          expect(new Set(store.by('colour', value))).toEqual(new Set(store.all().filter((o) => o.colour === value)));
        }
        expect(store.by(namespaceIndex, 'n')).toHaveLength(store.size);
      });
    }),
  );
});
