import { readFile } from 'node:fs/promises';
import { Public, type ServiceCore } from '@monteore/service';
import { Controller, Get, Header, Inject } from '@nestjs/common';
import type { JSONWebKeySet } from 'jose';
import { CORE } from '../tokens.js';

/** The public keys by which every service verifies access tokens by itself (architecture.md, Keys and rights). */
@Controller('.well-known')
export class JwksController {
  constructor(@Inject(CORE) private readonly core: ServiceCore) {
    if (!('file' in core.settings.keys))
      throw new Error('identity publishes the public keys, so it needs their file, not an URL');
  }

  @Get('jwks.json')
  @Public()
  @Header('cache-control', 'public, max-age=60')
  async keys(): Promise<JSONWebKeySet> {
    const { keys } = this.core.settings;
    if (!('file' in keys)) throw new Error('unreachable: refused at start');
    return JSON.parse(await readFile(keys.file, 'utf8')) as JSONWebKeySet;
  }
}
