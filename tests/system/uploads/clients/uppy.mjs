// Uploads a file with Uppy: node uppy.mjs ENDPOINT PATH OPTIONS
// OPTIONS are those of its plugin for tus, as JSON, and the file's `metadata`.
// Prints what became of it as JSON.
import { createReadStream } from 'node:fs'
import { basename } from 'node:path'
import Uppy from '@uppy/core'
import Tus from '@uppy/tus'

const [endpoint, path, given] = process.argv.slice(2)
const { metadata, ...options } = JSON.parse(given)
const uppy = new Uppy({ meta: metadata }).use(Tus, { ...options, endpoint })
// In node its tus client reads streams, not blobs.
uppy.addFile({ name: basename(path), type: 'application/octet-stream', data: createReadStream(path) })
const { successful, failed } = await uppy.upload()
for (const { error } of failed) console.error(String(error))
if (successful.length) console.log(JSON.stringify({ url: successful[0].uploadURL }))
process.exit(failed.length ? 1 : 0)
