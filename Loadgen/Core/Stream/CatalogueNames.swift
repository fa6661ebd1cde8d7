/// The words from which the shop's products and pages get their names.
enum CatalogueNames {
    /// Categories, the most popular first.
    static let categories = [
        "shoes", "kitchen", "clothing", "outdoor", "audio", "toys", "books", "office", "garden", "bags", "lighting",
        "watches",
        "cycling", "fitness", "bedding", "coffee", "tools", "travel", "art", "pets", "baby", "gaming", "baking",
        "stationery",
    ]

    /// What is sold: the name, its category, and a typical price in whole units of money.
    static let products: [(name: String, category: String, price: Int)] = [
        ("Sneakers", "shoes", 79), ("Boots", "shoes", 139), ("Sandals", "shoes", 45), ("Slippers", "shoes", 25),
        ("Kettle", "kitchen", 49), ("Pan", "kitchen", 59), ("Knife", "kitchen", 39), ("Bowl", "kitchen", 15),
        ("Jacket", "clothing", 119), ("Shirt", "clothing", 35), ("Socks", "clothing", 12), ("Scarf", "clothing", 29),
        ("Tent", "outdoor", 249), ("Hammock", "outdoor", 69), ("Stove", "outdoor", 89), ("Headphones", "audio", 149),
        ("Speaker", "audio", 99), ("Turntable", "audio", 279), ("Puzzle", "toys", 19), ("Train", "toys", 59),
        ("Blocks", "toys", 35), ("Cookbook", "books", 28), ("Atlas", "books", 42), ("Novel", "books", 14),
        ("Desk", "office", 329), ("Chair", "office", 219), ("Shovel", "garden", 24), ("Planter", "garden", 32),
        ("Backpack", "bags", 89), ("Tote", "bags", 29), ("Lamp", "lighting", 65), ("Lantern", "lighting", 38),
        ("Watch", "watches", 189), ("Helmet", "cycling", 75), ("Saddle", "cycling", 55), ("Dumbbell", "fitness", 27),
        ("Mat", "fitness", 33), ("Pillow", "bedding", 40), ("Blanket", "bedding", 60), ("Grinder", "coffee", 95),
        ("Mug", "coffee", 14), ("Drill", "tools", 109), ("Hammer", "tools", 22), ("Suitcase", "travel", 159),
        ("Easel", "art", 85), ("Brushes", "art", 18), ("Leash", "pets", 16), ("Stroller", "baby", 399),
        ("Controller", "gaming", 59), ("Whisk", "baking", 9), ("Notebook", "stationery", 8), ("Pen", "stationery", 5),
    ]

    static let colours = [
        "Black", "White", "Blue", "Green", "Red", "Grey", "Yellow", "Orange", "Purple", "Brown", "Teal", "Navy",
        "Olive", "Pink",
        "Sand", "Coral",
    ]

    static let materials = [
        "Wool", "Steel", "Oak", "Leather", "Cotton", "Bamboo", "Linen", "Copper", "Ceramic", "Canvas", "Cork", "Glass",
        "Felt",
        "Ash", "Titanium", "Recycled",
    ]

    /// How articles of the blog begin.
    static let articleOpenings: [(slug: String, title: String)] = [
        ("choosing-your", "Choosing your"), ("how-to-clean-a", "How to clean a"),
        ("five-reasons-for-a", "Five reasons for a"),
        ("the-story-of-the", "The story of the"), ("gift-guide", "Gift guide:"), ("repairing-a", "Repairing a"),
        ("we-tested-every", "We tested every"), ("a-day-with-the", "A day with the"),
        ("care-for-your", "Care for your"),
        ("what-makes-a-good", "What makes a good"),
    ]

    /// The sections of the help pages.
    static let docsSections = [
        "orders", "shipping", "returns", "payments", "accounts", "warranty", "sizes", "materials", "plans", "api",
    ]

    /// The help pages of each section.
    static let docsPages = [
        "overview", "getting-started", "faq", "how-it-works", "troubleshooting", "costs", "times", "countries",
        "contact",
        "changes", "limits", "examples",
    ]
}
