// The phones of this browser, in its IndexedDB, so that a reload keeps them. A private key lies there as a CryptoKey that
// cannot be exported.

const opened = new Promise((resolve, reject) => {
  const request = indexedDB.open("verify-factors", 1);
  request.onupgradeneeded = () => request.result.createObjectStore("phones", { keyPath: "sid" });
  request.onsuccess = () => resolve(request.result);
  request.onerror = () => reject(request.error);
});

async function phones(mode, act) {
  const database = await opened;
  return new Promise((resolve, reject) => {
    const transaction = database.transaction("phones", mode);
    const request = act(transaction.objectStore("phones"));
    transaction.oncomplete = () => resolve(request.result);
    transaction.onerror = transaction.onabort = () => reject(transaction.error);
  });
}

export const all = () => phones("readonly", (store) => store.getAll());
export const keep = (phone) => phones("readwrite", (store) => store.put(phone));
export const forget = (sid) => phones("readwrite", (store) => store.delete(sid));
