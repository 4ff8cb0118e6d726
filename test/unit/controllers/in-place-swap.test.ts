import { describe, expect, test } from '@jest/globals';
import type { PreviousVolume } from '../../../src/api/apprestore.js';
import { releaseNext, replaceNext, returnNext, type Seen, type SeenClaim, type SeenVolume, type SwapAction } from '../../../src/controllers/apprestore/in-place/swap.js';

const owner = { namespace: 'shop', uid: 'r' };
const previous: PreviousVolume = { claim: 'data', claimUid: 'old', volume: 'pv', volumeUid: 'pv-uid', reclaimPolicy: 'Delete', state: 'Bound' };
const oldClaim: SeenClaim = { uid: 'old', volume: 'pv', phase: 'Bound', deleting: false, madeBy: undefined };
const newClaim: SeenClaim = { ...oldClaim, uid: 'new', volume: 'pv-new', madeBy: 'r' };
const again: SeenClaim = { ...oldClaim, uid: 'again' };
const volume: SeenVolume = { uid: 'pv-uid', claim: 'shop/data', claimUid: 'old', phase: 'Bound', reclaimPolicy: 'Delete', keptBy: undefined, deleting: false };
const kept: SeenVolume = { ...volume, phase: 'Released', reclaimPolicy: 'Retain', keptBy: 'r' };

const seen = (claim: SeenClaim | undefined, of: SeenVolume | undefined, atRest = true): Seen => ({ claim, volume: of, atRest });
const text = (action: SwapAction): string => ('why' in action ? `${action.kind}: ${action.why}` : 'uid' in action ? `${action.kind} ${action.uid}` : action.kind);

describe('forward', () => {
  test.each<[string, Seen, string]>([
    ['as it was', seen(oldClaim, volume, false), 'keep'],
    ['kept by an earlier one only', seen(oldClaim, { ...kept, keptBy: 'other' }), 'keep'],
    ['with a policy that keeps it, not marked', seen(oldClaim, { ...volume, reclaimPolicy: 'Retain' }), 'keep'],
    ['kept, and used', seen(oldClaim, kept, false), 'rest'],
    ['kept, and not used', seen(oldClaim, kept), 'deleteClaim old'],
    ['its claim going', seen({ ...oldClaim, deleting: true }, kept), 'wait: is being deleted'],
    ['its claim gone', seen(undefined, kept), 'done'],
    ['its claim gone before it was kept', seen(undefined, volume), 'keep'],
    ['another claim of the name', seen(newClaim, kept), 'done'],
    ['gone', seen(oldClaim, undefined), 'stuck: volume pv is not there any more'],
    ['going', seen(oldClaim, { ...kept, deleting: true }), 'stuck: volume pv is not there any more'],
    ['another of its name', seen(oldClaim, { ...kept, uid: 'x' }), 'stuck: volume pv is not there any more'],
    ['given to another name', seen(undefined, { ...kept, claim: 'other/data' }), 'stuck: volume pv belongs to claim other/data now'],
    ['let go of by somebody', seen(oldClaim, { ...kept, claimUid: 'x' }), 'stuck: is not bound to volume pv any more'],
  ])('a volume %s', (_, state, next) => {
    expect(text(replaceNext(previous, state, owner))).toBe(next);
  });
});

describe('back', () => {
  test.each<[string, Seen, string]>([
    ['nothing done yet', seen(oldClaim, volume, false), 'done'],
    ['only kept', seen(oldClaim, kept, false), 'giveBack'],
    ['the old claim going', seen({ ...oldClaim, deleting: true }, kept), 'wait: is being deleted'],
    ['the new claim there and used', seen(newClaim, kept, false), 'rest'],
    ['the new claim there', seen(newClaim, kept), 'deleteClaim new'],
    ['the new claim going', seen({ ...newClaim, deleting: true }, kept), 'wait: is being deleted'],
    ['no claim, something of the others used', seen(undefined, kept, false), 'rest'],
    ['no claim', seen(undefined, kept), 'createClaim'],
    ['no claim, and it was bound to another before', seen(undefined, { ...kept, claimUid: 'again' }), 'createClaim'],
    ['no claim, and not kept', seen(undefined, volume), 'keep'],
    ['a claim that asks for it', seen({ ...again, phase: 'Pending' }, kept), 'bind again'],
    ['a claim that asks for it, before it is released', seen({ ...again, phase: 'Pending' }, { ...kept, phase: 'Bound' }), 'wait: volume pv is still Bound'],
    ['a claim that has it, not seen by the binder yet', seen({ ...again, phase: 'Pending' }, { ...kept, claimUid: 'again' }), 'wait: waits for volume pv'],
    ['a claim that has it', seen(again, { ...kept, claimUid: 'again' }, false), 'giveBack'],
    ['a claim that has it as it was', seen(again, { ...volume, claimUid: 'again' }, false), 'done'],
    ['a claim of somebody else', seen({ ...newClaim, madeBy: undefined }, kept), 'stuck: is a claim that this restore has not made; delete it, or give it another name'],
    ['gone', seen(newClaim, undefined), 'stuck: volume pv is not there any more'],
  ])('%s', (_, state, next) => {
    expect(text(returnNext(previous, state, owner))).toBe(next);
  });

  test.each<[string, Seen, string]>([
    ['one that the restore has made goes', seen(newClaim, undefined), 'deleteClaim new'],
    ['when nothing uses it', seen(newClaim, undefined, false), 'rest'],
    ['one of somebody else stays', seen({ ...newClaim, madeBy: 'x' }, undefined), 'done'],
    ['none is none', seen(undefined, undefined), 'done'],
  ])('where there was no claim before: %s', (_, state, next) => {
    expect(text(returnNext(undefined, state, owner))).toBe(next);
  });
});

describe('not needed any more', () => {
  test.each<[string, Seen, string]>([
    ['kept', seen(newClaim, kept, false), 'giveBack'],
    ['given back already', seen(newClaim, volume), 'done'],
    ['gone', seen(newClaim, undefined), 'done'],
    ['of another restore', seen(newClaim, { ...kept, keptBy: 'x' }), 'done'],
    ['bound again by hand', seen(again, { ...kept, claimUid: 'again' }), 'done'],
    ['whose claim was never replaced', seen(oldClaim, kept), 'giveBack'],
  ])('a volume %s', (_, state, next) => {
    expect(text(releaseNext(previous, state, owner))).toBe(next);
  });
});
