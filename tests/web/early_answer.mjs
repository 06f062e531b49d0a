// Sends a body that goes on for BYTES and prints the status of the answer that comes meanwhile:
//     node early_answer.mjs fetch|http URL HEADERS-AS-JSON START-OF-BODY BYTES
import http from "node:http";
import { Readable } from "node:stream";

const [way, url, headersText, start, bytes] = process.argv.slice(2);
const headers = JSON.parse(headersText);

function* generate() {
  yield Buffer.from(start);
  const piece = Buffer.alloc(65536, "x");
  for (let sent = 0; sent < Number(bytes); sent += piece.length) yield piece;
}

async function askByFetch() {
  const body = Readable.from(generate());
  const response = await fetch(url, { method: "POST", headers, body, duplex: "half" });
  await response.text();
  return response.status;
}

function askByHttp() {
  return new Promise((resolve, reject) => {
    let status = null;
    const request = http.request(url, { method: "POST", headers }, (response) => {
      status = response.statusCode;
      response.resume();
      response.on("end", () => resolve(status));
      response.on("error", reject);
    });
    request.on("error", (error) => (status === null ? reject(error) : resolve(status)));
    Readable.from(generate()).pipe(request);
  });
}

console.log(await (way === "fetch" ? askByFetch() : askByHttp()));
process.exit(0);
