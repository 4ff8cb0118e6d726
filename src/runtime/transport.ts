import type { IncomingMessage } from 'node:http';

/** One request to the API server. */
export interface ApiRequest {
  readonly method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  /** With query. */
  readonly path: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: Buffer;
  readonly signal?: AbortSignal;
  /** Longer answers fail with reason `TooLong`. Default: 256 MiB. */
  readonly maxBytes?: number;
}

export interface ApiAnswer {
  readonly code: number;
  readonly contentType: string;
  readonly body: Buffer;
}

/** Connections to one API server. */
export interface Transport {
  /** Sends, retries as allowed, and resolves with a 2xx answer; rejects with ApiError otherwise. */
  request(request: ApiRequest): Promise<ApiAnswer>;
  /** Opens an unpooled connection and resolves with the 2xx answer's body as a stream (watches, log streams). */
  stream(request: ApiRequest): Promise<IncomingMessage>;
  /** Opens a connection now for one later request. */
  reserve(headers: Readonly<Record<string, string>>): Reservation;
  /** What another protocol on the same server needs (WebSocket). */
  endpoint(): Promise<Endpoint>;
  /** Closes every connection; later requests fail. */
  close(): void;
}

/** A warm connection for exactly one request. */
export interface Reservation {
  /** Resolves when the connection is up and authenticated; never rejects (a failed warm-up leaves a cold one). */
  readonly ready: Promise<void>;
  send(request: ApiRequest): Promise<ApiAnswer>;
  release(): void;
}

/** Where the API server is and how to speak to it. */
export interface Endpoint {
  readonly url: URL;
  readonly headers: Readonly<Record<string, string>>;
  readonly tls: TlsMaterial;
}

export interface TlsMaterial {
  readonly ca?: string | Buffer;
  readonly cert?: string | Buffer;
  readonly key?: string | Buffer;
  readonly servername?: string;
  readonly rejectUnauthorized?: boolean;
}
