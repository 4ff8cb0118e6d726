// Loaded into the operator of this suite: on SIGUSR2 the wall clock of this process alone goes one hour ahead, on the next one hour back.
const now = Date.now.bind(Date);
const NativeDate = Date;
let offset = 0;
globalThis.Date = class extends NativeDate {
  constructor(...args) {
    if (args.length === 0) super(now() + offset);
    else super(...args);
  }

  static now() {
    return now() + offset;
  }
};
process.on('SIGUSR2', () => {
  offset = offset === 0 ? 3_600_000 : 0;
});
