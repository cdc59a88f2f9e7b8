"""A page to approve a clip's keyframes on, before the clip is made of them."""
