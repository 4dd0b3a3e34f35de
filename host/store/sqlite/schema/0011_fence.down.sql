DROP TABLE store_fence;
