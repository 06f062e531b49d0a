// Uploads a file with tus-js-client: node upload.mjs ENDPOINT PATH SOURCE OPTIONS
// SOURCE is "file", or "stream" for one whose length nobody knows; OPTIONS are the client's, as JSON.
// Prints what became of it as JSON.
import { createReadStream } from 'node:fs'
import { PassThrough } from 'node:stream'
import * as tus from 'tus-js-client'

const [endpoint, path, source, options] = process.argv.slice(2)
const file = createReadStream(path)

const upload = new tus.Upload(source === 'stream' ? file.pipe(new PassThrough()) : file, {
  ...JSON.parse(options),
  endpoint,
  onError(error) {
    console.error(String(error))
    process.exit(1)
  },
  onSuccess({ lastResponse }) {
    const job = lastResponse.getHeader('Job-Location') ?? null
    console.log(JSON.stringify({ url: upload.url, job }))
    process.exit(0)
  },
})
upload.start()
