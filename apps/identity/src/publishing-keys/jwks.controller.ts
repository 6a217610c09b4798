import { Public, publishedKeys, type ServiceCore } from '@monteore/service';
import { Controller, Get, Header, Inject } from '@nestjs/common';
import { CORE } from '../tokens.js';

/** The public keys by which every service verifies access tokens by itself (architecture.md, Keys and rights). */
@Controller('.well-known')
export class JwksController {
  private readonly published: ReturnType<typeof publishedKeys>;

  constructor(@Inject(CORE) core: ServiceCore) {
    this.published = publishedKeys(core.settings.keys);
  }

  @Get('jwks.json')
  @Public()
  @Header('cache-control', 'public, max-age=60')
  keys(): ReturnType<typeof this.published> {
    return this.published();
  }
}
