import { fail } from '../api/errors.js';

/** User and password of a Secret; they travel by stdin only. */
export interface Credentials {
  readonly username: string;
  readonly password: string;
}

const line = /^[^\r\n]+$/;

/** Reads `username` and `password` of a Secret. Throws AppError InvalidSpec when they are missing or span lines. */
export function parseCredentials(name: string, data: Readonly<Record<string, string>>): Credentials {
  const username = data['username'] ?? '';
  const password = data['password'] ?? '';
  if (line.test(username) && line.test(password)) return { username, password };
  throw fail('InvalidSpec', `Secret ${name} of credentialsSecretRef needs the keys username and password, each of one line.`);
}
