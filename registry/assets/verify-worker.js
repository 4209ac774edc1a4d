// Keeps the page /verify and the files that it needs, so that it opens without a network. VERSION and FILES stand above.

const KEPT = `akashi-verify-${VERSION}`;

async function keep() {
  const kept = await caches.open(KEPT);
  // What the browser remembers of an earlier version must not be mixed in.
  await kept.addAll(FILES.map((file) => new Request(file, { cache: "reload" })));
  await self.skipWaiting();
}

async function forgetEarlier() {
  const names = await caches.keys();
  const earlier = names.filter((name) => name.startsWith("akashi-verify-") && name !== KEPT);
  await Promise.all(earlier.map((name) => caches.delete(name)));
  await self.clients.claim();
}

async function answer(request, file) {
  const kept = await caches.open(KEPT);
  return (await kept.match(file, { ignoreVary: true })) ?? fetch(request);
}

self.addEventListener("install", (event) => event.waitUntil(keep()));
self.addEventListener("activate", (event) => event.waitUntil(forgetEarlier()));
self.addEventListener("fetch", (event) => {
  const { method, url } = event.request;
  const { origin, pathname, search } = new URL(url);
  const file = pathname + search;
  if (method === "GET" && origin === self.location.origin && FILES.includes(file)) {
    event.respondWith(answer(event.request, file));
  }
});
