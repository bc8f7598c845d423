// Each exported function stands in for the API of the same name, on this machine and in tests. The app then has the API, too:
// export const orders = () => Response.json([{ id: 17, item: "lamp" }]);
export {};
