// Owns nothing yet.
export async function statistics() {}
