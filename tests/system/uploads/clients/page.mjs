// What the test's page runs: each function uploads the file that was chosen, and keeps in `outcome`
// what became of it.
import Uppy from '@uppy/core'
import Tus from '@uppy/tus'
import * as tus from 'tus-js-client'

const chosenFile = () => document.querySelector('input').files[0]

globalThis.outcome = null

const keep = (promise) => {
  promise.then(
    (url) => (globalThis.outcome = { url }),
    (error) => (globalThis.outcome = { error: String(error) }),
  )
}

const uploadWithTus = (options) =>
  new Promise((resolve, reject) => {
    const upload = new tus.Upload(chosenFile(), {
      ...options,
      onError: reject,
      onSuccess: () => resolve(upload.url),
    })
    upload.start()
  })

const uploadWithUppy = async ({ metadata, ...options }) => {
  const uppy = new Uppy({ meta: metadata }).use(Tus, options)
  uppy.addFile(chosenFile())
  const { successful, failed } = await uppy.upload()
  if (failed.length) throw new Error(failed[0].error)
  return successful[0].uploadURL
}

globalThis.startTus = (options) => keep(uploadWithTus(options))
globalThis.startUppy = (options) => keep(uploadWithUppy(options))
