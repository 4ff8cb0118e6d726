import { open, readdir } from 'node:fs/promises';
import { constants } from 'node:fs';

/** Files that are written out at a time. */
const atOnce = 16;
/** Made by mkfs, and root's alone. */
const notOurs = 'lost+found';

/** Has every file and folder below this one, and itself, written to its disk. There is no call in Node for a whole file system. */
export async function settle(folder: string): Promise<void> {
  const entries = (await readdir(folder, { withFileTypes: true })).filter(({ name }) => name !== notOurs);
  for (let i = 0; i < entries.length; i += atOnce) {
    const files = entries.slice(i, i + atOnce).filter((entry) => entry.isFile());
    await Promise.all(files.map(({ name }) => sync(`${folder}/${name}`)));
  }
  for (const entry of entries) if (entry.isDirectory()) await settle(`${folder}/${entry.name}`);
  await sync(folder);
}

async function sync(path: string): Promise<void> {
  const file = await open(path, constants.O_RDONLY | constants.O_NOFOLLOW);
  try {
    await file.sync();
  } finally {
    await file.close();
  }
}
