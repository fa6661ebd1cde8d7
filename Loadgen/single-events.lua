-- For wrk: every request is one event with an id of its own.
local names = { "page_view", "view_item", "add_to_cart", "purchase" }
local format = string.format
local run = format("%x", math.floor(os.time()) % 0x1000000) .. tostring({}):match("0x(%x+)")
local start = os.time() * 1000
local count = 0

wrk.method = "POST"
wrk.headers["Content-Type"] = "application/json"

request = function()
    count = count + 1
    return wrk.format(nil, nil, nil, format(
        '{"event":"%s","visitor":"v%d","id":"%s-%d","time":%d,"url":"https://shop.example/p/%d","value":%d}',
        names[count % 4 + 1], count % 20000, run, count, start + count % 1000, count % 1000, count % 50))
end
